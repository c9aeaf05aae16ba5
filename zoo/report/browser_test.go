package report_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"html"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"graft/zoo/report"
)

//go:embed testdata/probe.js
var probe string

// findings is what testdata/probe.js leaves.
type findings struct {
	Width    int
	Problems []string
	Texts    int
	Dark     bool
	Paper    string
}

// TestBrowser opens the page in a browser, at the widths of a desk and of a phone, light and dark: nothing is wider than the screen, clipped, too faint or
// drawn over other text, and nothing is fetched. Screenshots are kept by -artifacts.
func TestBrowser(t *testing.T) {
	browser := findBrowser(t)
	dir := t.TempDir()
	if err := report.Write(dir, samplePage(t)); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(dir, "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		width int
		dark  bool
	}{{"desk", 1280, false}, {"desk-dark", 1280, true}, {"phone", 390, false}, {"phone-dark", 390, true}} {
		t.Run(c.name, func(t *testing.T) {
			got := inspect(t, browser, string(page), c.width, c.dark)
			if got.Width != c.width || got.Dark != c.dark {
				t.Fatalf("the browser shows it %d wide, dark %t", got.Width, got.Dark)
			}
			if want := map[bool]string{false: "rgb(255, 255, 255)", true: "rgb(20, 23, 26)"}[c.dark]; got.Paper != want {
				t.Errorf("the background is %s, want %s", got.Paper, want)
			}
			if got.Texts < 200 { // the table alone has more
				t.Errorf("only %d pieces of text were looked at", got.Texts)
			}
			for _, p := range got.Problems {
				t.Error(p)
			}
			screenshot(t, browser, filepath.Join(dir, "report.html"), c.name, c.width, c.dark)
		})
	}
}

// TestProbe shows that the browser test can fail: a page with every fault is found to have every fault.
func TestProbe(t *testing.T) {
	browser := findBrowser(t)
	got := inspect(t, browser, `<!DOCTYPE html><html><head><meta http-equiv="Content-Security-Policy" content="`+policy+` style-src 'unsafe-inline'"/></head><body>
<div style="width:500px">wide</div>
<div style="width:40px;height:10px;overflow:hidden">text that is cut off after a few letters</div>
<p style="margin:0">one above</p><p style="margin:-20px 0 0">the other</p>
<p style="color:#bbb">faint</p>
<img src="missing.png"/>
<svg width="200" height="50" viewBox="0 0 400 100"><path d="M0 0h100v100h-100z"/><text x="10" y="50" font-size="14">covered</text>
<text x="380" y="50" font-size="30">leaves</text></svg>
</body></html>`, 390, false)
	for _, kind := range []string{"page", "outside", "clipped", "overlap", "contrast", "request", "covered", "small"} {
		if !slices.ContainsFunc(got.Problems, func(p string) bool { return strings.HasPrefix(p, kind+": ") }) {
			t.Errorf("no %q among %q", kind, got.Problems)
		}
	}
}

func findBrowser(t *testing.T) string {
	t.Helper()
	names := []string{"chromium", "chromium-browser", "google-chrome"}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skipf("SKIP-BROWSER: none of %s is in PATH, so that no page was looked at", strings.Join(names, ", "))
	return ""
}

// policy is what the page lets itself load and run: nothing.
const policy = "default-src 'none';"

// inspect opens a copy of the page with the probe in it. It is shown in a frame, as browsers' windows are never narrower than 500 pixels.
func inspect(t *testing.T, browser, page string, width int, dark bool) findings {
	t.Helper()
	if !strings.Contains(page, policy) {
		t.Fatal("the page does not refuse to load and run things")
	}
	page = strings.Replace(page, policy, policy+" script-src 'unsafe-inline';", 1)
	page = strings.Replace(page, "</head>", "<script>"+probe+"</script></head>", 1)
	host := fmt.Sprintf(`<!DOCTYPE html><html><head><meta name="color-scheme" content="light dark"/></head><body>
<iframe style="width:%dpx;height:900px;border:0" srcdoc="%s"></iframe></body></html>`, width, html.EscapeString(page))
	path := filepath.Join(t.TempDir(), "probed.html")
	if err := os.WriteFile(path, []byte(host), 0o644); err != nil {
		t.Fatal(err)
	}
	dom := run(t, browser, path, 1400, 1000, dark, "--dump-dom")
	m := regexp.MustCompile(`(?s)id="probe">(.*?)</script>`).FindStringSubmatch(dom)
	if m == nil {
		t.Fatalf("the probe left nothing in %d bytes", len(dom))
	}
	var f findings
	if err := json.Unmarshal([]byte(m[1]), &f); err != nil {
		t.Fatal(err)
	}
	return f
}

// screenshot keeps a picture of the page and holds it to be one.
func screenshot(t *testing.T, browser, path, name string, width int, dark bool) {
	t.Helper()
	file := filepath.Join(t.ArtifactDir(), name+".png")
	run(t, browser, path, width, 3000, dark, "--screenshot="+file)
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	colours := map[color.Color]bool{}
	for y := 0; y < img.Bounds().Dy() && len(colours) < 100; y++ {
		for x := range img.Bounds().Dx() {
			colours[img.At(x, y)] = true
		}
	}
	if img.Bounds().Dx() != width || len(colours) < 100 { // letters are smoothed, so that there are many
		t.Errorf("the screenshot is %v with %d colours", img.Bounds(), len(colours))
	}
}

func run(t *testing.T, browser, path string, width, height int, dark bool, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	args = append(args, "--headless", "--hide-scrollbars", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--user-data-dir="+t.TempDir(),
		"--window-size="+strconv.Itoa(width)+","+strconv.Itoa(height))
	if dark {
		args = append(args, "--force-dark-mode")
	}
	cmd := exec.CommandContext(ctx, browser, append(args, "file://"+path)...)
	var messages strings.Builder
	cmd.Stderr = &messages
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, messages.String())
	}
	return string(out)
}
