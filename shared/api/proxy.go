package api

import (
	"net/http"
	"net/netip"
	"strconv"
	"strings"
)

// ProxySecretHeader is the header in which a proxy shows its secret.
const ProxySecretHeader = "X-Origin-Verify"

// A Proxy is a proxy of one's own in front of API Gateway, such as CloudFront. What it says about a
// request is believed only together with its secret, since anybody can call API Gateway itself and
// send any header.
type Proxy struct {
	// Knows reports whether a text is the proxy's secret. It takes the same time for every text that
	// is not.
	Knows func(secret string) bool
	// AddressHeader is the header in which the proxy names the address from which a request came to
	// it, in the form of CloudFront-Viewer-Address: an IP address, a colon, and a port. An IPv6
	// address may be in brackets. CloudFront sets it without:
	// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/adding-cloudfront-headers.html.
	AddressHeader string
	// Only reports whether requests that have not passed the proxy are refused with 403.
	Only bool
}

// errUnproxied is the error for a request that has not passed the proxy.
var errUnproxied = problem{http.StatusForbidden, "forbidden", "this address is not open to the public"}

// receive replaces the source of a request, which is the proxy's own address, by the one that the
// proxy names. If the request has not passed the proxy, or the proxy names no address, the source
// stays what API Gateway saw. A nil Proxy changes nothing and refuses nothing.
func (p *Proxy) receive(r *http.Request, ex *exchange) error {
	if p == nil {
		return nil
	}
	shown := r.Header.Get(ProxySecretHeader)
	r.Header.Del(ProxySecretHeader)
	if !p.Knows(shown) {
		if p.Only {
			return errUnproxied
		}
		return nil
	}
	address, ok := addressOf(r.Header.Get(p.AddressHeader))
	if !ok {
		ex.log.Warn("the proxy names no address", "header", p.AddressHeader)
		return nil
	}
	r.RemoteAddr = address.String()
	return nil
}

// addressOf returns the IP address in a text of the form address:port.
func addressOf(text string) (netip.Addr, bool) {
	colon := strings.LastIndexByte(text, ':')
	if colon < 0 {
		return netip.Addr{}, false
	}
	host, port := text[:colon], text[colon+1:]
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return netip.Addr{}, false
	}
	inner, isBracketed := strings.CutPrefix(host, "[")
	if isBracketed {
		if host, isBracketed = strings.CutSuffix(inner, "]"); !isBracketed || !strings.Contains(host, ":") {
			return netip.Addr{}, false
		}
	}
	address, err := netip.ParseAddr(host)
	return address.Unmap(), err == nil && address.Zone() == ""
}
