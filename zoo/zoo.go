// Package zoo lists graft's models. Each family has a package of its own with definitions, data sets and recipes.
package zoo

import (
	"fmt"
	"strings"

	"graft/zoo/entry"
	"graft/zoo/geometric"
	"graft/zoo/language"
	"graft/zoo/mlp"
	"graft/zoo/nerf"
	"graft/zoo/recommend"
)

// Entries returns the models in the order in which they are listed.
func Entries() []entry.Entry {
	list := []entry.Entry{mlp.Entry(),
		geometric.GCNEntry(), geometric.ChebEntry(), geometric.SplineEntry(), geometric.GATEntry(), geometric.DNAEntry(), geometric.GAEEntry(),
		nerf.Entry(), nerf.XLEntry(), nerf.TinyEntry(),
	}
	list = append(list, recommend.Entries()...)
	return append(list, language.Entries()...)
}

// Lookup returns the entry of that name; the error lists the names there are.
func Lookup(name string) (entry.Entry, error) {
	var names []string
	for _, e := range Entries() {
		if e.Name == name {
			return e, nil
		}
		names = append(names, e.Name)
	}
	return entry.Entry{}, fmt.Errorf("there is no model %q; the models are %s", name, strings.Join(names, ", "))
}
