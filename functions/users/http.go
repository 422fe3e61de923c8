package users

import (
	"net/http"

	"github.com/go-json-experiment/json"

	"identitypools/shared/api"
	"identitypools/shared/identity"
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

func reply(w http.ResponseWriter, r *http.Request, status int, u identity.User, err error) {
	if err != nil {
		api.Error(w, r, err)
		return
	}
	api.ReplyVersion(w, status, u.Version, wire.UserOf(u))
}

func (h handlers) create(w http.ResponseWriter, r *http.Request) {
	var n identity.NewUser
	if err := api.Decode(r, &n); err != nil {
		api.Error(w, r, err)
		return
	}
	u, err := h.Create(r.Context(), r.PathValue("tid"), r.PathValue("ipID"), n)
	reply(w, r, http.StatusCreated, u, err)
}

func (h handlers) get(w http.ResponseWriter, r *http.Request) {
	u, err := h.Read(r.Context(), ref(r), api.IfMatch(r))
	reply(w, r, http.StatusOK, u, err)
}

func (h handlers) getByKey(w http.ResponseWriter, r *http.Request) {
	var k Key
	if err := api.Decode(r, &k); err != nil {
		api.Error(w, r, err)
		return
	}
	u, err := h.ReadByKey(r.Context(), r.PathValue("tid"), r.PathValue("ipID"), k, api.IfMatch(r))
	reply(w, r, http.StatusOK, u, err)
}

func (h handlers) update(w http.ResponseWriter, r *http.Request) {
	var change identity.UserChange
	if err := api.Decode(r, &change); err != nil {
		api.Error(w, r, err)
		return
	}
	u, err := h.Update(r.Context(), ref(r), api.IfMatch(r), change)
	reply(w, r, http.StatusOK, u, err)
}

func (h handlers) delete(w http.ResponseWriter, r *http.Request) {
	if err := h.Delete(r.Context(), ref(r), api.IfMatch(r)); err != nil {
		api.Error(w, r, err)
		return
	}
	api.NoContent(w)
}

func (h handlers) suppressions(w http.ResponseWriter, r *http.Request) {
	list, err := h.Suppressed(r.Context(), ref(r))
	if err != nil {
		api.Error(w, r, err)
		return
	}
	api.Reply(w, http.StatusOK, map[string]any{"suppressions": list})
}

func (h handlers) clear(w http.ResponseWriter, r *http.Request) {
	if err := h.Clear(r.Context(), ref(r)); err != nil {
		api.Error(w, r, err)
		return
	}
	api.NoContent(w)
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
	api.Reply(w, http.StatusOK, map[string]any{"users": users})
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
