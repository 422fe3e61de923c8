package codes_test

import (
	"encoding/json"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
)

// verified returns the verified addresses of a user.
func (p person) verified(t *testing.T, id string) (addresses []string) {
	t.Helper()
	var got struct {
		Addresses []struct {
			Address  string
			Verified bool
		} `json:"verifiable_addresses"`
	}
	body := p.Admin.Must(t, 200, "GET", p.path+"/users/"+id, nil).Body
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatal(err)
	}
	for _, a := range got.Addresses {
		if a.Verified {
			addresses = append(addresses, a.Address)
		}
	}
	return addresses
}

func TestAnAddressIsProved(t *testing.T) {
	t.Parallel()
	p := newPerson(t, nil)
	own, second, third := systemtest.Address("bob"), systemtest.Address("second"), systemtest.Address("third")
	id := p.newUser(t, "active", own, second, third)
	users := p.path + "/users/" + id
	complete := users + "/address/verification/complete"
	p.System.Must(t, 204, "POST", users+"/address/verification/request", fields{"address": strings.ToUpper(second)})
	p.Admin.Must(t, 204, "POST", users+"/address/verification/request", fields{"address": third})
	code := systemtest.CodeIn(t, p.product.Inbox.Await(t, second, 1)[0])
	link := systemtest.LinkIn(t, p.product.Inbox.Await(t, third, 1)[0])
	if !strings.Contains(link.Path, "/verify") || link.Query().Get("for") == "" || strings.Contains(link.String(), "third") {
		t.Errorf("the link is %s", link)
	}
	// A code is for one address of one user.
	p.System.Must(t, 422, "POST", complete, fields{"address": third, "code": code})
	p.System.Must(t, 422, "POST", complete, fields{"address": own, "code": code})
	p.System.Must(t, 422, "POST", p.path+"/users/"+p.id+"/address/verification/complete", fields{"address": second, "code": code})
	p.System.Must(t, 422, "POST", complete, fields{"address": "x", "code": code})
	p.System.Must(t, 422, "POST", complete, fields{"address": second})
	p.System.Must(t, 422, "POST", complete, fields{"code": code})
	p.System.Must(t, 204, "POST", complete, fields{"address": strings.ToUpper(second), "code": code})
	p.System.Must(t, 422, "POST", complete, fields{"address": second, "code": code})
	p.System.Must(t, 204, "POST", complete, fields{"address": third, "code": link.Query().Get("code")})
	if got := p.verified(t, id); len(got) != 3 {
		t.Errorf("verified are %v", got)
	}
	if mails := p.product.Inbox.Await(t, own, 2); !strings.Contains(mails[1].Text, "address") {
		t.Errorf("the owner was told %s", mails[1].Text)
	}
	p.System.Must(t, 200, "POST", p.path+"/users/by_key", fields{"address": second}) // it belongs to the user now
}

func TestWhoseAddressCanBeProved(t *testing.T) {
	t.Parallel()
	p := newPerson(t, nil)
	second := systemtest.Address("second")
	id := p.newUser(t, "active", systemtest.Address("bob"), second, p.email)
	request := p.path + "/users/" + id + "/address/verification/request"
	for _, c := range []struct {
		user           string
		address        any
		admin, backEnd int
	}{
		{"nobody", second, 404, 404},
		{id, "nobody@example.com", 404, 204},
		{id, p.email, 409, 204},
		{id, "x", 422, 422},
		{id, nil, 422, 422},
		{id, second, 204, 204},
	} {
		path := p.path + "/users/" + c.user + "/address/verification/request"
		p.Admin.Must(t, c.admin, "POST", path, fields{"address": c.address})
		p.System.Must(t, c.backEnd, "POST", path, fields{"address": c.address})
	}
	p.Admin.Must(t, 429, "POST", request, fields{"address": second})
	// The owner of the address hears of the back end's request, and nobody else does.
	if mail := p.product.Inbox.Await(t, p.email, 1)[0]; strings.Contains(mail.Text, "code") {
		t.Errorf("the owner got %s", mail.Text)
	}
	p.product.AwaitEmptyOutbox(t)
	if mails := p.product.Inbox.Mails(t, "nobody@example.com"); len(mails) > 0 {
		t.Errorf("nobody got %s", mails[0].Text)
	}
	p.product.Clock.Advance(2 * time.Minute)
	removed := systemtest.Address("removed")
	other := p.newUser(t, "active", systemtest.Address("eve"), removed)
	of := p
	of.id = other
	_, extended := of.generate(t, "verify_address", removed)
	p.Admin.Must(t, 204, "DELETE", p.path+"/users/"+other, nil)
	p.System.Must(t, 422, "POST", p.path+"/users/"+other+"/address/verification/complete", fields{"address": removed, "code": extended})
}

// Of many users who prove one address at once, one gets it.
func TestAnAddressIsProvedForOneUser(t *testing.T) {
	t.Parallel()
	p := newPerson(t, nil)
	shared := systemtest.Address("shared")
	var ids, codes []string
	for range 20 {
		of := p
		of.id = p.newUser(t, "active", systemtest.Address("one"), shared)
		_, extended := of.generate(t, "verify_address", shared)
		ids, codes = append(ids, of.id), append(codes, extended)
	}
	var proved atomic.Int64
	var group sync.WaitGroup
	for i, id := range ids {
		group.Go(func() {
			got := p.System.Call(t, "POST", p.path+"/users/"+id+"/address/verification/complete", fields{"address": shared, "code": codes[i]})
			switch got.Status {
			case 204:
				proved.Add(1)
			case 409, 503:
			default:
				t.Errorf("answered %d: %s", got.Status, got.Body)
			}
		})
	}
	group.Wait()
	if proved.Load() != 1 {
		t.Errorf("%d of 20 users have proved one address", proved.Load())
	}
	known := map[string]bool{p.id: true}
	for _, id := range ids {
		known[id] = true
	}
	if broken := p.product.BrokenInvariants(t, p.ID, known); len(broken) > 0 {
		t.Error(broken)
	}
}
