// Package schema compiles identity schemas and checks JSON values against them. It reports every
// violation, each with a JSON Pointer to its place in the value.
//
// An identity schema is written in the published subset of JSON Schema:
//   - type is a single string, and enum is a list of strings;
//   - additionalProperties is a boolean;
//   - bounds such as maxLength are whole numbers;
//   - there is no $ref, no $defs and no format.
//
// Compile refuses everything else, because clients that are generated from the published
// description could not read it.
//
// Schemas and values come from strangers, so both are limited: the size, depth, number of
// subschemas and patterns of a schema, and the steps of a check. No pattern and no combination of
// schema and value makes a check run without bound. See limits.go.
//
// The meaning of single keywords is left to github.com/google/jsonschema-go. That library stops at
// the first error and does not say where in the value it is. Therefore this package walks schema
// and value itself and calls the library for one keyword at a time. A fuzz test checks that the
// package and the library come to the same verdict.
//
// The package stores nothing, and except for Checker it knows nothing of pools and users. Functions
// that accept schemas or users' data import it.
package schema
