package schema_test

import (
	"testing"

	"identitypools/shared/schema"
)

const typical = `{"type":"object","additionalProperties":false,"required":["given_name","family_name"],"properties":{
	"given_name":{"type":"string","minLength":1,"maxLength":64},
	"family_name":{"type":"string","minLength":1,"maxLength":64},
	"birthdate":{"type":"string","pattern":"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
	"language":{"type":"string","enum":["cs","de","en","fr","pl"]},
	"age":{"type":"integer","minimum":0,"maximum":150},
	"newsletter":{"type":"boolean"},
	"tags":{"type":"array","items":{"type":"string","maxLength":32},"uniqueItems":true,"maxItems":10},
	"phone":{"type":"string","pattern":"^\\+[0-9]{6,15}$"},
	"company":{"type":"string","maxLength":128},
	"address":{"type":"object","required":["city"],"properties":{"city":{"type":"string"},"zip":{"type":"string","maxLength":12}}}}}`

const typicalValue = `{"given_name":"Anna","family_name":"Nowak","birthdate":"1990-02-03","language":"pl","age":36,"newsletter":true,
	"tags":["a","b","c"],"phone":"+48123456789","company":"Acme","address":{"city":"Gdynia","zip":"81-001"}}`

func BenchmarkCompile(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := schema.Compile([]byte(typical)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkValidate(b *testing.B) {
	s, err := schema.Compile([]byte(typical))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Validate([]byte(typicalValue)); err != nil {
			b.Fatal(err)
		}
	}
}
