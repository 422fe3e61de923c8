package identity_test
import ("testing";"fmt";"strings";"identitypools/shared/identity")
func TestProbe(t *testing.T){
 p:=identity.Pool{CaseInsensitive:true}; q:=identity.Pool{}
 for _,s:=range []string{"ann@example.com"," Ann@Example.COM\n","ＡＮＮ＠ｅｘａｍｐｌｅ．ｃｏｍ","a@bücher.example","a@BÜCHER.example","a@xn--bcher-kva.example","a@XN--BCHER-KVA.example","a@faß.example","straße@example.com","a@example。com","a@ex\u00adample.com","a@example.com.","a@.example.com","a@ex_ample.com","a@-example.com","a@[127.0.0.1]","a@127.0.0.1","a@localhost","\"a b\"@example.com","a\"b@example.com","a(c)@example.com","<a@example.com>","Ann <a@example.com>","a@b@example.com","a b@example.com","a @example.com","a@ example.com","a..b@example.com",".a@example.com","a.@example.com","a+tag@example.com","a,b@example.com","a\nb@example.com","a\u2028b@example.com","a\u200bb@example.com","a\u202eb@example.com","a@exa\u200dmple.com","а@example.com","K@example.com","ſ@example.com","İ@example.com","ı@example.com","Σς@example.com","a@ΣΑΣ.example","a@xn--a","a@xn--0.example","a@"+strings.Repeat("a",63)+".com","a@"+strings.Repeat("a",64)+".com",strings.Repeat("a",64)+"@example.com",strings.Repeat("a",65)+"@example.com",strings.Repeat("İ",32)+"@example.com", "a@a.مثال", "a@1مثال.example","é@example.com","e\u0301@example.com","%@example.com","a;b@example.com","a:b@example.com","a\\b@example.com","mailto:a@example.com","o'hara@example.com","a@ex%41mple.com","\ufeffa@example.com","a@example.com\u00a0","=?utf-8?q?a?=@example.com","a@","@example.com","@","","a@example..com","a@exam ple.com","a@ｅｘａｍｐｌｅ．com", "a\u00b4@example.com","\u00b4a@example.com","a@\u2488example.com", "a@℡.example"}{
  n,err:=p.Normalize("email",s); m,err2:=q.Normalize("email",s)
  again,err3:=p.Normalize("email",n)
  mark:=""; if err==nil && (err3!=nil||again!=n){mark="NOT IDEMPOTENT"}
  fmt.Printf("%+q -> %+q %v | %+q %v %s\n",s,n,err!=nil,m,err2!=nil,mark)
 }
}
