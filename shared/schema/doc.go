// Package schema compiles identity schemas and checks JSON values against them, naming every violation by JSON Pointer.
//
// An identity schema is the published subset of JSON Schema (type document): one string as type, booleans for
// additionalProperties, whole numbers as bounds, lists of strings as enum; no $ref, no $defs, no format. Anything else is
// refused when it is compiled, since clients generated from the published description fail to read it.
//
// Schemas and values come from strangers, so both are bounded: a schema in size, depth, nodes and patterns, a check in steps.
// No pattern and no combination of schema and value makes a check run away.
//
// What single keywords mean is asked of github.com/google/jsonschema-go. That library stops at the first error and doesn't
// say where in the value it is, so this package walks schema and value itself and asks it one keyword at a time. The fuzz test holds
// the two together: both must come to the same verdict.
//
// The package stores nothing and knows nothing of pools or users. Functions that accept schemas or users' data import it.
package schema
