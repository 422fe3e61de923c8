package schemas

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
	return api.New("schemas", api.Handlers{
		"listSchemas": h.list, "createSchema": h.create, "getSchema": h.get, "updateSchema": h.update, "deleteSchema": h.delete,
		"systemListSchemas": h.list, "systemCreateSchema": h.create, "systemGetSchema": h.get, "systemUpdateSchema": h.update, "systemDeleteSchema": h.delete,
	}, o)
}

type handlers struct{ *Service }

func created(s identity.Schema) api.Answer {
	return api.Answer{Status: http.StatusCreated, Version: s.Version, Body: s}
}

func found(s identity.Schema) api.Answer {
	return api.Answer{Status: http.StatusOK, Version: s.Version, Body: s}
}

func (h handlers) create(w http.ResponseWriter, r *http.Request) {
	api.Take(w, r, created, func(ctx context.Context, c identity.SchemaChange, reply once.Reply[identity.Schema]) (identity.Schema, error) {
		return h.Create(ctx, r.PathValue("tid"), c, reply)
	})
}

func (h handlers) get(w http.ResponseWriter, r *http.Request) {
	api.Show(w, r, found, func(ctx context.Context) (identity.Schema, error) {
		return h.Read(ctx, r.PathValue("tid"), r.PathValue("schID"), api.IfMatch(r))
	})
}

func (h handlers) update(w http.ResponseWriter, r *http.Request) {
	api.Take(w, r, found, func(ctx context.Context, c identity.SchemaChange, reply once.Reply[identity.Schema]) (identity.Schema, error) {
		return h.Update(ctx, r.PathValue("tid"), r.PathValue("schID"), api.IfMatch(r), c, reply)
	})
}

func (h handlers) delete(w http.ResponseWriter, r *http.Request) {
	api.Do(w, r, api.Done, func(ctx context.Context, reply once.Reply[once.None]) (once.None, error) {
		return once.None{}, h.Delete(ctx, r.PathValue("tid"), r.PathValue("schID"), api.IfMatch(r), reply)
	})
}

func (h handlers) list(w http.ResponseWriter, r *http.Request) {
	all, err := h.List(r.Context(), r.PathValue("tid"))
	if err != nil {
		api.Error(w, r, err)
		return
	}
	api.Reply(w, http.StatusOK, map[string]any{"schemas": all})
}
