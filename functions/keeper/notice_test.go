package keeper_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"identitypools/infra/check/systemtest"
)

// sendSESEvent passes an event of SES to the keeper, as EventBridge does.
func sendSESEvent(tb testing.TB, product *systemtest.Product, kind string, detail fields) {
	tb.Helper()
	detail["eventType"] = kind
	event, err := json.Marshal(fields{
		"version": "0", "source": "aws.ses", "detail-type": "Email " + kind, "detail": detail,
	})
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := product.Keeper.Handle(tb.Context(), event); err != nil {
		tb.Fatal(err)
	}
}

// "Bounces and complaints mark the address, and nothing more is sent to it."
func TestANoticeOfSES(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, withoutStream)
	tenant := product.NewTenant(t)
	bounce := func(kind string, to ...fields) fields {
		return fields{"bounce": fields{"bounceType": kind, "bouncedRecipients": to}}
	}
	same := func(address string) string { return address }
	for _, c := range []struct {
		name, kind string
		spelt      func(address string) string // as SES repeats it
		detail     func(to fields) fields
		mails      int
	}{
		{"a permanent bounce", "Bounce", same, func(to fields) fields { return bounce("Permanent", to) }, 0},
		{"a permanent bounce among others", "Bounce", same, func(to fields) fields {
			return bounce("Permanent", fields{"emailAddress": "no address"}, fields{"emailAddress": "other@example.com"}, to)
		}, 0},
		{"a permanent bounce, spelt otherwise", "Bounce", strings.ToUpper, func(to fields) fields {
			return bounce("Permanent", to)
		}, 0},
		{"a complaint", "Complaint", same, func(to fields) fields {
			return fields{"complaint": fields{"complainedRecipients": []fields{to}}}
		}, 0},
		{"a transient bounce", "Bounce", same, func(to fields) fields { return bounce("Transient", to) }, 1},
		{"a bounce of unknown kind", "Bounce", same, func(to fields) fields { return bounce("Undetermined", to) }, 1},
		{"a delivery", "Delivery", same, func(to fields) fields {
			return fields{"mail": fields{"destination": []any{to["emailAddress"]}}}
		}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			for name, settings := range map[string]fields{
				"ignoring case": nil, "telling case apart": {"identifier_case_insensitive": false},
			} {
				pool, email := tenant.NewPool(t, settings), "Ann-"+systemtest.Address("x")
				sendSESEvent(t, product, c.kind, c.detail(fields{"emailAddress": c.spelt(email)}))
				register(t, tenant, pool, email)
				product.DeliverAll(t)
				if n := len(product.Inbox.Mails(t, email)); n != c.mails {
					t.Errorf("in a pool %s: %d mails, want %d", name, n, c.mails)
				}
			}
		})
	}
}

// A mail that SES has not tried to send, because the address is on a list of its own, marks nothing: what
// an administrator has just cleared stays clear when the notice of an earlier mail arrives.
func TestAMailThatSESDidNotTryMarksNothing(t *testing.T) {
	t.Parallel()
	sample, err := os.ReadFile("../../events/bounce.json")
	if err != nil {
		t.Fatal(err)
	}
	complaint := strings.NewReplacer(`"Bounce"`, `"Complaint"`, `"bounce"`, `"complaint"`,
		"bouncedRecipients", "complainedRecipients", "bounceSubType", "complaintSubType").Replace(string(sample))
	for _, c := range []struct {
		name, event, subtype string
		marked               bool
	}{
		{"a bounce", string(sample), "General", true},
		{"an address on the account's list", string(sample), "OnAccountSuppressionList", false},
		{"an address on the global list", string(sample), "Suppressed", false},
		{"a complaint", complaint, "", true},
		{"a complaint of an address on the account's list", complaint, "OnAccountSuppressionList", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			log := &systemtest.Log{}
			product := systemtest.New(t, withoutStream, log.Option)
			address := systemtest.Address("ann")
			event := strings.NewReplacer("General", c.subtype, "ann@example.com", address).Replace(c.event)
			if _, err := product.Keeper.Handle(t.Context(), json.RawMessage(event)); err != nil {
				t.Fatal(err)
			}
			marks := product.Stored(t, "SUPPRESSED#")
			if (len(marks) == 1) != c.marked || len(marks) > 1 {
				t.Errorf("the marks are %v", marks)
			}
			text := log.String()
			if strings.Contains(text, "SES has not tried") == c.marked || strings.Contains(text, address) {
				t.Errorf("the log has %s", text)
			}
		})
	}
}
