package pools

import (
	"context"
	"net/http"

	"identitypools/shared/api"
	"identitypools/shared/identity"
	"identitypools/shared/once"
)

// Handler serves the function's operations.
func Handler(s *Service, o api.Options) (http.Handler, error) {
	h := handlers{s}
	return api.New("pools", api.Handlers{
		"listPools": h.list, "createPool": h.create, "getPool": h.get, "updatePool": h.update, "deletePool": h.delete,
		"systemListPools": h.list, "systemCreatePool": h.create, "systemGetPool": h.get, "systemUpdatePool": h.update, "systemDeletePool": h.delete,
		"checkPoolPermissions": h.permissions,
		"listMailTexts":        h.listMails, "getMailText": h.getMail, "updateMailText": h.updateMail, "deleteMailText": h.deleteMail,
		"previewMail": h.previewMail,
	}, o)
}

type handlers struct{ *Service }

// response is the published PoolResponse: the pool with its counters. Users who came through an identity provider ("jit") do not exist here.
type response struct {
	identity.Pool
	Users         int64 `json:"number_of_users"`
	StandardUsers int64 `json:"number_of_standard_users"`
	JITUsers      int64 `json:"number_of_jit_users"`
}

func responseOf(p identity.Pool) response {
	return response{Pool: p, Users: p.Users, StandardUsers: p.Users}
}

func created(p identity.Pool) api.Answer {
	return api.Answer{Status: http.StatusCreated, Version: p.Version, Body: responseOf(p)}
}

func found(p identity.Pool) api.Answer {
	return api.Answer{Status: http.StatusOK, Version: p.Version, Body: responseOf(p)}
}

func (h handlers) create(w http.ResponseWriter, r *http.Request) {
	api.Take(w, r, created, func(ctx context.Context, c identity.PoolChange, reply once.Reply[identity.Pool]) (identity.Pool, error) {
		return h.Create(ctx, r.PathValue("tid"), c, reply)
	})
}

func (h handlers) get(w http.ResponseWriter, r *http.Request) {
	api.Show(w, r, found, func(ctx context.Context) (identity.Pool, error) {
		return h.Read(ctx, r.PathValue("tid"), r.PathValue("ipID"), api.IfMatch(r))
	})
}

func (h handlers) update(w http.ResponseWriter, r *http.Request) {
	api.Take(w, r, found, func(ctx context.Context, c identity.PoolChange, reply once.Reply[identity.Pool]) (identity.Pool, error) {
		return h.Update(ctx, r.PathValue("tid"), r.PathValue("ipID"), api.IfMatch(r), c, reply)
	})
}

func (h handlers) delete(w http.ResponseWriter, r *http.Request) {
	api.Do(w, r, api.Done, func(ctx context.Context, reply once.Reply[once.None]) (once.None, error) {
		return once.None{}, h.Delete(ctx, r.PathValue("tid"), r.PathValue("ipID"), api.IfMatch(r), reply)
	})
}

func (h handlers) list(w http.ResponseWriter, r *http.Request) {
	q, err := readQuery(r)
	if err != nil {
		api.Error(w, r, err)
		return
	}
	page, err := h.List(r.Context(), r.PathValue("tid"), q)
	if err != nil {
		api.Error(w, r, err)
		return
	}
	pools := make([]response, len(page))
	for i, p := range page {
		pools[i] = responseOf(p)
	}
	api.ReplyPage(w, r, "pools", pools)
}

func readQuery(r *http.Request) (q Query, err error) {
	values := r.URL.Query()
	q = Query{Search: values.Get("search_phrase"), Sort: values.Get("sort")}
	if q.After, err = api.Bound(r, "after_pool_id"); err != nil {
		return q, err
	}
	if q.Before, err = api.Bound(r, "before_pool_id"); err != nil {
		return q, err
	}
	if q.Sort != "" && q.Sort != "id" && q.Sort != "name" {
		return q, identity.InvalidField("sort", "must be name or id")
	}
	if q.Descending, err = api.Descending(r); err != nil {
		return q, err
	}
	q.Limit, err = api.Limit(r)
	return q, err
}

// permissions are what an admin client may do in a pool: all that this deployment serves.
func (h handlers) permissions(w http.ResponseWriter, r *http.Request) {
	if _, err := h.Read(r.Context(), r.PathValue("tid"), r.PathValue("ipID"), identity.Match{}); err != nil {
		api.Error(w, r, err)
		return
	}
	served := []string{
		"get_identity_pool", "update_identity_pool", "delete_identity_pool", "read_identity_pool_users", "manage_identity_pool_users",
		"send_user_activation",
	}
	notServed := []string{
		"b2b_manage_admin_metadata", "b2b_manage_business_metadata", "b2b_manage_users", "b2b_read_admin_metadata", "b2b_read_business_metadata",
		"b2b_read_users", "manage_identity_pool_groups", "manage_user_addresses", "manage_user_identifiers", "manage_user_manager_role",
		"manage_user_otps", "manage_user_passwords", "read_identity_pool_groups", "read_roles", "send_user_verification",
	}
	permissions := make(map[string]bool, len(served)+len(notServed))
	for _, name := range served {
		permissions[name] = true
	}
	for _, name := range notServed {
		permissions[name] = false
	}
	api.Reply(w, http.StatusOK, permissions)
}
