// Looks at a page as laid out, in a frame, and leaves what is wrong with it in an element of the page around it, which the test reads.
const refused = []; // what the page's policy has kept from loading
addEventListener("securitypolicyviolation", e => refused.push("request: " + e.violatedDirective + " " + e.blockedURI));
addEventListener("load", () => {
  const problems = refused;
  const describe = node => {
    const text = node.textContent.trim().replace(/\s+/g, " ").slice(0, 40);
    const element = node.nodeType === Node.TEXT_NODE ? node.parentElement : node;
    return "<" + element.localName + " class='" + (element.getAttribute("class") || "") + "'> '" + text + "'";
  };
  const width = window.innerWidth;
  if (document.documentElement.scrollWidth > width) {
    problems.push("page: is " + document.documentElement.scrollWidth + " wide of " + width);
  }

  // What scrolls in a box of its own is looked at where it stands before scrolling.
  const scrolls = e => e.closest(".scroll, pre");
  for (const e of document.body.querySelectorAll("*")) {
    const box = e.getBoundingClientRect();
    if (box.width > 0 && (box.right > width + 0.5 || box.left < -0.5) && (!scrolls(e) || e.matches(".scroll, pre"))) {
      problems.push("outside: " + describe(e) + " ends at " + box.right);
    }
    const style = getComputedStyle(e);
    if (!e.matches(".scroll, pre") && !e.ownerSVGElement && e.localName !== "svg" &&
        (style.overflowX !== "visible" || style.overflowY !== "visible") &&
        (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1)) {
      problems.push("clipped: " + describe(e));
    }
  }

  // Boxes of text, without the room above and below the letters that lines share.
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const texts = [];
  for (let node; (node = walker.nextNode());) {
    if (node.textContent.trim() === "" || node.parentElement.closest("style, script")) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const r of range.getClientRects()) {
      const pad = r.height * 0.2;
      texts.push({node, left: r.left + 0.5, right: r.right - 0.5, top: r.top + pad, bottom: r.bottom - pad});
    }
  }
  const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  for (let i = 0; i < texts.length; i++) {
    for (let j = i + 1; j < texts.length; j++) {
      if (meet(texts[i], texts[j])) problems.push("overlap: " + describe(texts[i].node) + " and " + describe(texts[j].node));
    }
  }

  // In a chart nothing is drawn over text, and no text leaves the drawing.
  for (const svg of document.querySelectorAll("svg")) {
    const frame = svg.getBoundingClientRect();
    const own = texts.filter(t => svg.contains(t.node));
    for (const t of own) {
      if (t.left < frame.left || t.right > frame.right || t.top < frame.top || t.bottom > frame.bottom) {
        problems.push("clipped: " + describe(t.node) + " leaves its chart");
      }
      const size = parseFloat(t.node.parentElement.getAttribute("font-size")) * frame.width / svg.viewBox.baseVal.width;
      if (!(size >= 9.5)) problems.push("small: " + describe(t.node) + " has " + size + " pixels");
    }
    for (const path of svg.querySelectorAll("path")) {
      const r = path.getBoundingClientRect();
      for (const t of own) if (meet(t, r)) problems.push("covered: " + describe(t.node));
    }
  }

  // Contrast of text by the WCAG's formula; 4.5 is its level AA.
  const rgb = s => (s.match(/[\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = e => {
    for (; e; e = e.parentElement) {
      const paper = e.localName === "svg" && e.querySelector(".paper");
      const c = rgb(paper ? getComputedStyle(paper).color : getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] === 1) return c;
    }
    return [255, 255, 255];
  };
  for (const {node} of texts) {
    const a = light(rgb(getComputedStyle(node.parentElement).color)), b = light(behind(node.parentElement));
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (!(contrast >= 4.5)) problems.push("contrast: " + describe(node) + " has " + contrast.toFixed(2));
  }

  const out = parent.document.createElement("script");
  out.type = "application/json";
  out.id = "probe";
  out.textContent = JSON.stringify({
    width, problems, texts: texts.length, dark: matchMedia("(prefers-color-scheme: dark)").matches,
    paper: getComputedStyle(document.body).backgroundColor,
  }).replace(/</g, "\\u003c");
  parent.document.body.append(out);
});
