package keeper_test

import (
	"encoding/json"
	"testing"

	"identitypools/infra/check/systemtest"
)

func TestATriggerThatIsNoEvent(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, withoutStream)
	for _, trigger := range []string{``, `[]`, `"text"`, `{"Records":"all"}`} {
		if _, err := product.Keeper.Handle(t.Context(), json.RawMessage(trigger)); err == nil {
			t.Errorf("%q is done", trigger)
		}
	}
	for _, trigger := range []string{`{}`, `{"Records":[]}`, `{"source":"aws.ses","detail":{}}`} {
		if _, err := product.Keeper.Handle(t.Context(), json.RawMessage(trigger)); err != nil {
			t.Errorf("%q: %v", trigger, err)
		}
	}
}
