package reproduce_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"graft/zoo/reproduce"
)

// A small part of table 3, on the graph that graft generates. The folder then has report.html and the numbers.
func Example() {
	out, err := os.MkdirTemp("", "results")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(out)
	study, err := reproduce.Lookup("table3")
	if err != nil {
		log.Fatal(err)
	}
	options, err := study.Resolve(reproduce.Options{
		Models: []string{"gcn"}, Data: []string{"synthetic-cora"}, Seeds: 2, Epochs: 2, Routes: []reproduce.Route{{}, {Hops: 1, Operator: "symmetric"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	_, rows, err := study.Run(context.Background(), options, &reproduce.Runner{Dir: out})
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range rows {
		fmt.Println(r.Model, r.Mode, r.Route, r.Metric, r.N)
	}
	// Output:
	// gcn bp  test_accuracy 2
	// gcn dfa direct test_accuracy 2
	// gcn dfa direct alignment 2
	// gcn dfa 1:symmetric test_accuracy 2
	// gcn dfa 1:symmetric alignment 2
	// gcn shallow  test_accuracy 2
}
