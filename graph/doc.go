// Package graph is the intermediate representation.
package graph
