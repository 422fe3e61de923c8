package schemas

import (
	"net/http"

	"identitypools/shared/api"
	"identitypools/shared/identity"
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

func reply(w http.ResponseWriter, r *http.Request, status int, s identity.Schema, err error) {
	if err != nil {
		api.Error(w, r, err)
		return
	}
	api.ReplyVersion(w, status, s.Version, s)
}

func (h handlers) create(w http.ResponseWriter, r *http.Request) {
	var change identity.SchemaChange
	if err := api.Decode(r, &change); err != nil {
		api.Error(w, r, err)
		return
	}
	s, err := h.Create(r.Context(), r.PathValue("tid"), change)
	reply(w, r, http.StatusCreated, s, err)
}

func (h handlers) get(w http.ResponseWriter, r *http.Request) {
	s, err := h.Read(r.Context(), r.PathValue("tid"), r.PathValue("schID"), api.IfMatch(r))
	reply(w, r, http.StatusOK, s, err)
}

func (h handlers) update(w http.ResponseWriter, r *http.Request) {
	var change identity.SchemaChange
	if err := api.Decode(r, &change); err != nil {
		api.Error(w, r, err)
		return
	}
	s, err := h.Update(r.Context(), r.PathValue("tid"), r.PathValue("schID"), api.IfMatch(r), change)
	reply(w, r, http.StatusOK, s, err)
}

func (h handlers) delete(w http.ResponseWriter, r *http.Request) {
	if err := h.Delete(r.Context(), r.PathValue("tid"), r.PathValue("schID"), api.IfMatch(r)); err != nil {
		api.Error(w, r, err)
		return
	}
	api.NoContent(w)
}

func (h handlers) list(w http.ResponseWriter, r *http.Request) {
	all, err := h.List(r.Context(), r.PathValue("tid"))
	if err != nil {
		api.Error(w, r, err)
		return
	}
	api.Reply(w, http.StatusOK, map[string]any{"schemas": all})
}
