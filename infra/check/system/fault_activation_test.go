package system_test

import (
	"net/http"
	"slices"
	"time"

	"identitypools/infra/check/systemtest"
)

// activationUseCases are those of the functions activation and credentials.
func activationUseCases() []useCase {
	send := func(s *scene) *http.Request {
		return s.admin("POST", s.userPath()+"/activation/send?code_type_in_message=code", nil)
	}
	quietly := func(s *scene) *http.Request {
		return s.system("POST", s.userPath()+"/activation/send?code_type_in_message=code", nil)
	}
	activate := func(s *scene) *http.Request {
		return s.system("POST", s.userPath()+"/activate", fields{"code": s.code, "password": systemtest.Password})
	}
	proves := func(given func(s *scene)) func(s *scene) {
		return func(s *scene) {
			given(s)
			s.proved[s.user] = true
		}
	}
	verify := func(password string) func(s *scene) *http.Request {
		return func(s *scene) *http.Request {
			return s.system("POST", s.pool+"/user/password/verify", fields{"identifier": s.email, "password": password})
		}
	}
	from := func(device, password string) func(s *scene) *http.Request {
		return func(s *scene) *http.Request {
			r := verify(password)(s)
			r.Header.Set("X-Device-Id", device)
			return r
		}
	}
	return []useCase{
		{name: "admin.sendActivationMessage", given: (*scene).newUser, request: send, status: 204, again: 429, done: (*scene).codeArrives},
		{name: "system.selfSendActivationMessage", given: (*scene).newUser, request: quietly, status: 204, again: 429, done: (*scene).codeArrives},
		{name: "system.selfSendActivationMessage, to an active user", given: (*scene).activeUser, request: quietly, status: 204, done: (*scene).ownerHears},
		{
			name: "system.generateActivationCode", given: (*scene).newUserWithCode, status: 201,
			request: func(s *scene) *http.Request { return s.system("POST", s.userPath()+"/activation/generate", nil) },
			done: func(s *scene, _ systemtest.Response) {
				if s.present(s.code) {
					s.t.Error("the code from before still works")
				}
			},
		},
		{
			name: "system.generateCode", given: (*scene).newUserWithCode, status: 201, done: (*scene).codeWorks,
			request: func(s *scene) *http.Request {
				return s.system("POST", s.userPath()+"/code/generate", fields{"type": "activation"})
			},
		},
		{
			name: "system.generateCodeForUser", given: (*scene).registered, status: 201, done: (*scene).codeWorks,
			request: func(s *scene) *http.Request {
				return s.system("POST", s.pool+"/user/code/generate", fields{"type": "activation", "identifier": s.email})
			},
		},
		{name: "system.activateSelfRegisteredUser", given: proves((*scene).newUserWithCode), request: activate, status: 201, again: 422, done: (*scene).isActive},
		{
			name: "system.activateSelfRegisteredUser, with a wrong code", given: (*scene).newUserWithCode, status: 422, done: (*scene).isNew,
			request: func(s *scene) *http.Request {
				return s.system("POST", s.userPath()+"/activate", fields{"code": systemtest.WrongCode(s.code), "password": systemtest.Password})
			},
		},
		{
			name: "system.activateSelfRegisteredUser, with a bad password", given: (*scene).newUserWithCode, status: 422, done: (*scene).isNew,
			request: func(s *scene) *http.Request {
				return s.system("POST", s.userPath()+"/activate", fields{"code": s.code, "password": "short"})
			},
		},
		{
			name: "system.activateSelfRegisteredUserUsingExtendedCode", given: proves((*scene).registeredWithCode), status: 201, again: 422, done: (*scene).isActive,
			request: func(s *scene) *http.Request { return s.system("POST", s.pool+"/user/activate", fields{"code": s.link}) },
		},

		{name: "system.verifyPassword", given: (*scene).activeUser, request: verify(systemtest.Password), status: 200},
		{name: "system.verifyPassword, a wrong one", given: (*scene).activeUser, request: verify("not the password"), status: 401, done: (*scene).failureCounts},
		{
			name: "system.verifyPassword, after a wrong one", request: verify(systemtest.Password), status: 200,
			given: func(s *scene) {
				s.activeUser()
				s.tenant.System.Must(s.t, 401, "POST", s.pool+"/user/password/verify", fields{"identifier": s.email, "password": "not the password"})
			},
			done: func(s *scene, _ systemtest.Response) {
				// of a retry there may be the attempt, which was right at once
				for _, left := range s.Stored(s.t, "LIMIT#") {
					if left["failed"] != "0" {
						s.t.Errorf("failures are remembered after the right password: %v", left)
					}
				}
			},
		},
		{
			name: "system.verifyPassword, from a new device", given: (*scene).activeUser,
			request: from("phone", systemtest.Password), status: 200, done: (*scene).deviceIsKnown,
		},
		{
			name:    "system.verifyPassword, from a known device, after a wrong one",
			request: from("phone", systemtest.Password), status: 200, done: (*scene).deviceIsKnown,
			given: func(s *scene) {
				s.activeUser()
				for _, password := range []string{systemtest.Password, "not the password"} {
					s.ask(&systemtest.Fault{Kind: systemtest.Unfaulted}, "system.verifyPassword", from("phone", password)(s))
				}
			},
		},
		{
			name: "system.verifyPassword, one that must be changed", request: verify(systemtest.Password), status: 200, again: 401,
			given: func(s *scene) {
				s.activeUserWith(fields{"type": "password", "password": systemtest.Password, "must_be_changed": true})
			},
			done: func(s *scene, _ systemtest.Response) {
				s.tenant.System.Must(s.t, 401, "POST", s.pool+"/user/password/verify", fields{"identifier": s.email, "password": systemtest.Password})
			},
		},
		{
			name: "system.verifyPasswordV2", given: (*scene).activeUser, status: 200,
			request: func(s *scene) *http.Request {
				return s.system("POST", s.pool+"/user/password/v2/verify", fields{"userID": s.user, "password": systemtest.Password})
			},
		},
	}
}

// publicUseCases are those of the function registration.
func publicUseCases() []useCase {
	signUp := func(s *scene) *http.Request {
		return s.public("POST", s.pool+"/register?code_type_in_message=code", registration(s.email))
	}
	proves := func(s *scene) {
		s.registeredWithCode()
		s.proved[s.user] = true
	}
	return []useCase{
		{
			name: "system.selfRegisterUser", status: 201, done: (*scene).linkArrives,
			request: func(s *scene) *http.Request { return s.system("POST", s.pool+"/user/register", registration(s.email)) },
		},
		{
			name: "public.getPool", status: 200,
			request: func(s *scene) *http.Request { return s.public("GET", s.pool, nil) },
		},
		{name: "public.register", request: signUp, status: 201, done: (*scene).ticketWorks},
		{name: "public.register, again", given: (*scene).ticketed, request: signUp, status: 201, done: (*scene).ticketWorks},
		{name: "public.register, a taken address", given: (*scene).activeUser, request: signUp, status: 201, done: (*scene).ownerHears},
		{
			name: "public.activate", given: proves, status: 201, again: 422, done: (*scene).isActive,
			request: func(s *scene) *http.Request {
				return s.public("POST", s.pool+"/activate", fields{"ticket": s.ticket, "code": s.code})
			},
		},
		{
			name: "public.sendActivation", given: (*scene).ticketed, status: 202, done: (*scene).resent,
			request: func(s *scene) *http.Request {
				return s.public("POST", s.pool+"/activation/send", fields{"ticket": s.ticket})
			},
		},
		{
			name: "public.sendActivation, to an address", given: (*scene).ticketed, status: 202, done: (*scene).resent,
			request: func(s *scene) *http.Request {
				return s.public("POST", s.pool+"/activation/send", fields{"address": s.email})
			},
		},
	}
}

// codeWorks checks the code of an answer.
func (s *scene) codeWorks(answer systemtest.Response) {
	code := answer.Text(s.t, "code")
	if !s.present(code) {
		s.t.Error("the code that was answered doesn't work")
	}
	s.spent(code, answer.Text(s.t, "extended_code"), s.code)
}

// codeArrives checks that the code of the newest mail works, once, and no other.
func (s *scene) codeArrives(systemtest.Response) {
	s.post()
	s.newest("Confirm your address for Partners")
}

func (s *scene) isNew(systemtest.Response) {
	s.mustBe("new")
	if !s.present(s.code) {
		s.t.Error("the right code doesn't work any more")
	}
}

// isActive checks that the user is active, with the password, and that its holder hears of it.
func (s *scene) isActive(systemtest.Response) {
	s.mustBe("active")
	s.verifies(systemtest.Password)
	s.post()
	s.arrived("Your password for Partners was set")
	s.spent(s.code, s.link)
}

func (s *scene) ownerHears(systemtest.Response) {
	s.post()
	s.arrived("You already have an account with Partners")
	s.mustBe("active")
}

func (s *scene) failureCounts(systemtest.Response) {
	stored := s.Stored(s.t, "LIMIT#")
	if len(stored) != 1 || stored[0]["failed"] != "1" {
		s.t.Errorf("the failure is stored as %v", stored)
	}
}

// deviceIsKnown checks that one device is known for the user, and has no failures.
func (s *scene) deviceIsKnown(systemtest.Response) {
	stored := slices.DeleteFunc(s.Stored(s.t, "LIMIT#"), func(it systemtest.Item) bool {
		return it["sk"] == "PASSWORD"
	})
	if len(stored) != 1 || stored[0]["failed"] != "0" || stored[0]["ttl"] == "" {
		s.t.Errorf("the device is stored as %v", stored)
	}
}

// ticketWorks checks that a mail has come, and that who holds the ticket gets in: with the code of a mail that it asks for once more,
// since a retry is a registration of its own, and the pause between two mails may have kept back its mail.
func (s *scene) ticketWorks(answer systemtest.Response) {
	s.ticket = answer.Text(s.t, "ticket")
	s.user = s.tenant.System.Must(s.t, 200, "POST", s.pool+"/users/by_key", fields{"identifier": s.email}).Text(s.t, "id")
	s.post()
	s.arrived("Confirm your address for Partners")
	s.Clock.Advance(time.Minute + time.Second)
	s.tenant.RenewTokens(s.t)
	s.tenant.Public.Must(s.t, 202, "POST", s.pool+"/activation/send", fields{"ticket": s.ticket})
	s.post()
	s.resent(answer)
}

// resent checks that the code of the newest mail works for who holds the ticket.
func (s *scene) resent(systemtest.Response) {
	s.post()
	mails := s.arrived("Confirm your address for Partners", "Your new code for Partners")
	code := systemtest.CodeIn(s.t, mails[len(mails)-1])
	s.proved[s.user] = true
	s.tenant.Public.Must(s.t, 201, "POST", s.pool+"/activate", fields{"ticket": s.ticket, "code": code})
	s.spent(code)
}

// linkArrives checks that the link of the first mail works.
func (s *scene) linkArrives(answer systemtest.Response) {
	s.user = answer.Text(s.t, "id")
	s.post()
	s.link = systemtest.LinkIn(s.t, s.arrived("Confirm your address for Partners")[0]).Query().Get("code")
	s.proved[s.user] = true
	s.tenant.Public.Must(s.t, 201, "POST", s.pool+"/activate", fields{"code": s.link, "password": systemtest.Password}) // a retry has made two that wait
	s.verifies(systemtest.Password)
	s.spent(s.link)
}
