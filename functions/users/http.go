package users

import (
	"context"
	"net/http"

	"github.com/go-json-experiment/json"

	"identitypools/shared/api"
	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/wire"
)

// Handler serves the function's operations.
func Handler(s *Service, o api.Options) (http.Handler, error) {
	h := handlers{s}
	return api.New("users", api.Handlers{
		"listUsers": h.list, "createUser": h.create, "getUser": h.get, "updateUser": h.update, "deleteUser": h.delete,
		"systemListUsers": h.list, "systemCreateUser": h.create, "systemGetUser": h.get, "systemUpdateUser": h.update, "systemDeleteUser": h.delete,
		"systemGetUserByKey": h.getByKey, "listSuppressions": h.suppressions, "clearSuppressions": h.clear,
	}, o)
}

type handlers struct{ *Service }

func ref(r *http.Request) identity.UserRef {
	return identity.UserRef{Tenant: r.PathValue("tid"), Pool: r.PathValue("ipID"), ID: r.PathValue("userID")}
}

func created(u identity.User) api.Answer {
	return api.Answer{Status: http.StatusCreated, Version: u.Version, Body: wire.UserOf(u)}
}

func found(u identity.User) api.Answer {
	return api.Answer{Status: http.StatusOK, Version: u.Version, Body: wire.UserOf(u)}
}

func (h handlers) create(w http.ResponseWriter, r *http.Request) {
	api.Take(w, r, created, func(ctx context.Context, n identity.NewUser, reply once.Reply[identity.User]) (identity.User, error) {
		return h.Create(ctx, r.PathValue("tid"), r.PathValue("ipID"), n, reply)
	})
}

func (h handlers) get(w http.ResponseWriter, r *http.Request) {
	api.Show(w, r, found, func(ctx context.Context) (identity.User, error) {
		return h.Read(ctx, ref(r), api.IfMatch(r))
	})
}

func (h handlers) getByKey(w http.ResponseWriter, r *http.Request) {
	api.Show(w, r, found, func(ctx context.Context) (u identity.User, err error) {
		var k Key
		if err = api.Decode(r, &k); err == nil {
			u, err = h.ReadByKey(ctx, r.PathValue("tid"), r.PathValue("ipID"), k, api.IfMatch(r))
		}
		return u, err
	})
}

func (h handlers) update(w http.ResponseWriter, r *http.Request) {
	api.Take(w, r, found, func(ctx context.Context, c identity.UserChange, reply once.Reply[identity.User]) (identity.User, error) {
		return h.Update(ctx, ref(r), api.IfMatch(r), c, reply)
	})
}

func (h handlers) delete(w http.ResponseWriter, r *http.Request) {
	api.Do(w, r, api.Done, func(ctx context.Context, reply once.Reply[once.None]) (once.None, error) {
		return once.None{}, h.Delete(ctx, ref(r), api.IfMatch(r), reply)
	})
}

func (h handlers) suppressions(w http.ResponseWriter, r *http.Request) {
	listed := func(list []identity.Suppression) api.Answer {
		return api.Answer{Status: http.StatusOK, Body: map[string]any{"suppressions": list}}
	}
	api.Show(w, r, listed, func(ctx context.Context) ([]identity.Suppression, error) { return h.Suppressed(ctx, ref(r)) })
}

func (h handlers) clear(w http.ResponseWriter, r *http.Request) {
	api.Do(w, r, api.Done, func(ctx context.Context, _ once.Reply[once.None]) (once.None, error) {
		return once.None{}, h.Clear(ctx, ref(r))
	})
}

// stoppedHeader tells where a filtered list stopped that has read its share before the page was full.
const stoppedHeader = "X-Stopped-After"

func (h handlers) list(w http.ResponseWriter, r *http.Request) {
	q, err := readQuery(r)
	if err != nil {
		api.Error(w, r, err)
		return
	}
	page, err := h.List(r.Context(), r.PathValue("tid"), r.PathValue("ipID"), q)
	if err != nil {
		api.Error(w, r, err)
		return
	}
	if page.StoppedAt != "" {
		w.Header().Set(stoppedHeader, page.StoppedAt)
	}
	users := make([]entry, len(page.Users))
	for i, u := range page.Users {
		users[i] = entryOf(u)
	}
	api.ReplyPage(w, r, "users", users)
}

func readQuery(r *http.Request) (q Query, err error) {
	values := r.URL.Query()
	if q.After, err = api.Bound(r, "after_user_id"); err != nil {
		return q, err
	}
	if q.Before, err = api.Bound(r, "before_user_id"); err != nil {
		return q, err
	}
	if sort := values.Get("sort"); sort != "" && sort != "id" {
		return q, identity.InvalidField("sort", "must be id")
	}
	if filter := values.Get("query"); filter != "" {
		if err := json.Unmarshal([]byte(filter), &q.Filter, json.RejectUnknownMembers(true)); err != nil {
			return q, identity.InvalidField("query", "must be a JSON object with user_key, payload and metadata")
		}
	}
	if q.Descending, err = api.Descending(r); err != nil {
		return q, err
	}
	q.Limit, err = api.Limit(r)
	return q, err
}
