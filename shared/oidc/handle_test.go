package oidc_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"identitypools/shared/oidc"
)

func aHandle() oidc.Handle {
	return oidc.Handle{Pool: "p", User: "u-1", Session: "s", Grant: "g", Generation: 7, Secret: bytes.Repeat([]byte{5}, 32)}
}

func TestHandles(t *testing.T) {
	t.Parallel()
	h := aHandle()
	got, ok := oidc.ParseHandle(h.String())
	if !ok || got.String() != h.String() || got.Pool != "p" || got.User != "u-1" || got.Session != "s" || got.Grant != "g" || got.Generation != 7 {
		t.Errorf("%+v %t", got, ok)
	}
	cookie := h
	cookie.Grant, cookie.Generation = "", 0
	if got, ok := oidc.ParseHandle(cookie.String()); !ok || got.Grant != "" || got.User != "u-1" {
		t.Errorf("%+v %t", got, ok)
	}
	if ref := h.Ref("t"); ref.Tenant != "t" || ref.Pool != "p" || ref.ID != "u-1" {
		t.Errorf("the reference is %+v", ref)
	}
	other := h
	other.Secret = bytes.Repeat([]byte{6}, 32)
	if !h.Has(h.Hash()) || h.Has(other.Hash()) || h.Has("") {
		t.Error("a secret is taken for another")
	}
	with := func(change func(*oidc.Handle)) string {
		h := aHandle()
		change(&h)
		return h.String()
	}
	raw, _ := base64.RawURLEncoding.DecodeString(h.String())
	for name, text := range map[string]string{
		"nothing": "", "no base64": "%", "padding": h.String() + "=", "a short secret": with(func(h *oidc.Handle) { h.Secret = h.Secret[1:] }),
		"a long secret": with(func(h *oidc.Handle) { h.Secret = append(h.Secret, 1) }), "no pool": with(func(h *oidc.Handle) { h.Pool = "" }),
		"no user": with(func(h *oidc.Handle) { h.User = "" }), "no session": with(func(h *oidc.Handle) { h.Session = "" }),
		"a pool that is no id": with(func(h *oidc.Handle) { h.Pool = "a#b" }), "a long id": with(func(h *oidc.Handle) { h.User = strings.Repeat("u", 129) }),
		"a dot": with(func(h *oidc.Handle) { h.Session = ".." }), "another version": base64.RawURLEncoding.EncodeToString(append([]byte{2}, raw[1:]...)),
		"a part": base64.RawURLEncoding.EncodeToString(raw[:8]), "no names": base64.RawURLEncoding.EncodeToString(raw[:5]),
	} {
		if got, ok := oidc.ParseHandle(text); ok {
			t.Errorf("%s is the handle %+v", name, got)
		}
	}
}

// A refresh token is good in its workspace and generation alone. Names cannot be shifted into each other.
func TestSignedHandles(t *testing.T) {
	t.Parallel()
	w, key := oidc.Workspace{Tenant: "t", ID: "w"}, []byte("key")
	h := aHandle()
	h.Sign(key, w)
	if !h.IsSigned(key, w) || len(h.Secret) != 32 {
		t.Fatal("the handle is not signed")
	}
	for name, change := range map[string]func(*oidc.Handle){
		"another generation": func(h *oidc.Handle) { h.Generation += 256 }, "another user": func(h *oidc.Handle) { h.User = "u-2" },
		"shifted names": func(h *oidc.Handle) { h.Pool, h.User = "pu", "-1" }, "another secret": func(h *oidc.Handle) { h.Secret = make([]byte, 32) },
	} {
		other := h
		if change(&other); other.IsSigned(key, w) {
			t.Errorf("%s is good", name)
		}
	}
	if h.IsSigned([]byte("other"), w) || h.IsSigned(key, oidc.Workspace{Tenant: "t", ID: "w2"}) || h.IsSigned(key, oidc.Workspace{Tenant: "t2", ID: "w"}) {
		t.Error("the handle is good elsewhere")
	}
}

// FuzzParseHandle reads any text. What is a handle has one text.
func FuzzParseHandle(f *testing.F) {
	f.Add(aHandle().String())
	f.Add("")
	f.Add("AQAAAAAB")
	f.Fuzz(func(t *testing.T, text string) {
		if h, ok := oidc.ParseHandle(text); ok && h.String() != text {
			t.Errorf("%q is %+v, which is %q", text, h, h)
		}
	})
}
