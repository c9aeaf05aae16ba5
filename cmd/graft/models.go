package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"graft/passes"
	"graft/zoo"
	"graft/zoo/entry"
	"graft/zoo/option"
)

func newModels() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "models [MODEL]",
		Short: "list the models, or the options and recipes of one",
		Args:  takes("[MODEL]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			out := cmd.OutOrStdout()
			if len(args) == 0 {
				return listModels(out, asJSON)
			}
			e, err := lookup(args[0])
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(out, describe(e))
			}
			return showModel(out, describe(e))
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "write a JSON line for each model")
	return cmd
}

// model is a line of `graft models --json`; the last three members are there when one model is asked for.
type model struct {
	Name       string        `json:"name"`
	Doc        string        `json:"doc"`
	Reproduces string        `json:"reproduces"`
	Data       []string      `json:"data"`
	Metric     string        `json:"metric"`
	Unit       string        `json:"unit"`
	Variants   []string      `json:"variants,omitempty"`
	Options    []modelOption `json:"options,omitempty"`
	Recipes    []modelRecipe `json:"recipes,omitempty"`
}

type modelOption struct {
	Name    string `json:"name"`
	Default string `json:"default"`
	Range   string `json:"range"`
	Doc     string `json:"doc"`
}

type modelRecipe struct {
	Mode      string             `json:"mode"`
	Source    string             `json:"source"`
	Set       map[string]string  `json:"set"`
	Optimizer passes.Optimizer   `json:"optimizer"`
	LR        float64            `json:"lr"`
	Epochs    int                `json:"epochs"`
	Batch     int                `json:"batch"` // 0 is the whole set
	Published map[string]float64 `json:"published"`
}

func summarise(e entry.Entry) model {
	return model{Name: e.Name, Doc: e.Doc, Reproduces: e.Reproduces, Data: e.Data, Metric: e.Metric, Unit: e.Unit}
}

func describe(e entry.Entry) model {
	m := summarise(e)
	m.Variants = e.Variants
	for _, f := range option.Fields(e.Options()) {
		m.Options = append(m.Options, modelOption{f.Name, f.Default, f.Range, f.Doc})
	}
	for _, p := range passes.Modes() {
		r := e.Recipe(p.Mode, entry.Paper)
		line := modelRecipe{p.Mode, r.Source, map[string]string{}, r.Optimizer, r.LR, r.Epochs, r.Batch, map[string]float64{}}
		maps.Copy(line.Set, r.Set)
		for _, data := range e.Data {
			if v, ok := e.Published(data, p.Mode); ok {
				line.Published[data] = v
			}
		}
		m.Recipes = append(m.Recipes, line)
	}
	return m
}

func listModels(w io.Writer, asJSON bool) error {
	t := table{}
	for _, e := range zoo.Entries() {
		if asJSON {
			if err := writeJSON(w, summarise(e)); err != nil {
				return err
			}
			continue
		}
		t.add(e.Name, e.Doc)
		t.add("", "reproduces "+e.Reproduces)
		t.add("", "data: "+strings.Join(e.Data, ", "))
	}
	_, err := io.WriteString(w, t.String())
	return err
}

func showModel(w io.Writer, m model) error {
	variants := ""
	if m.Variants != nil {
		variants = fmt.Sprintf("variants %s (default), %s\n", m.Variants[0], strings.Join(m.Variants[1:], ", "))
	}
	_, err := fmt.Fprintf(w, "%s: %s\nreproduces %s\n%s\n%s\n%s\npublished %s, %s\n\n%s",
		m.Name, m.Doc, m.Reproduces, variants, m.optionTable(), m.recipeTable(), words(m.Metric), m.Unit, m.publishedTable())
	return err
}

func (m model) optionTable() string {
	t := table{}
	t.add("option", "default", "range", "")
	for _, o := range m.Options {
		t.add(o.Name, o.Default, o.Range, o.Doc)
	}
	t.add("lr", "recipe's", "", "learning rate")
	t.add("batch", "recipe's", "1..", "rows of a batch")
	return t.String()
}

func (m model) recipeTable() string {
	t := table{}
	t.add("recipe", "lr", "batch", "epochs", "options", "optimizer", "source")
	for _, r := range m.Recipes {
		batch := "all"
		if r.Batch > 0 {
			batch = fmt.Sprint(r.Batch)
		}
		var set []string
		for _, name := range slices.Sorted(maps.Keys(r.Set)) {
			set = append(set, name+"="+r.Set[name])
		}
		t.add(r.Mode, fmt.Sprint(r.LR), batch, fmt.Sprint(r.Epochs), orDash(strings.Join(set, " ")), r.Optimizer.String(), r.Source)
	}
	return t.String()
}

func (m model) publishedTable() string {
	t := table{right: map[int]bool{}}
	head := []string{"data"}
	for i, r := range m.Recipes {
		head = append(head, r.Mode)
		t.right[i+1] = true
	}
	t.add(head...)
	for _, data := range m.Data {
		row := []string{data}
		for _, r := range m.Recipes {
			value := "-"
			if v, ok := r.Published[data]; ok {
				value = formatPublished(v, m.Unit)
			}
			row = append(row, value)
		}
		t.add(row...)
	}
	return t.String()
}
