package schema_test

import (
	"errors"
	"fmt"

	"identitypools/shared/identity"
	"identitypools/shared/schema"
)

func Example() {
	compiled, err := schema.Compile([]byte(`{
		"required": ["name"],
		"properties": {
			"name":    {"type": "string", "maxLength": 40},
			"address": {"properties": {"zip": {"type": "string", "pattern": "^[0-9]{5}$"}}}
		},
		"additionalProperties": false
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	err = compiled.Validate([]byte(`{"address": {"zip": 53111}, "age": 17}`))
	var invalid identity.Invalid
	if errors.As(err, &invalid) {
		for _, v := range invalid.Violations {
			fmt.Println(v.Pointer, v.Reason)
		}
	}
	// Output:
	// /address/zip must be a string
	// /name must be given
	// /age is not a member that the schema allows
}

func ExampleNormalize() {
	document, err := schema.Normalize([]byte(`{"title": null, "required": ["name"]}`))
	fmt.Println(string(document), err)
	// Output: {"required":["name"]} <nil>
}
