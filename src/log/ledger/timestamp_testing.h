// For tests and the fuzzer: a certificate for time stamping, made with openssl. test/fuzz/corpus/receipt_fuzz/stamp.tsr is
// its stamp (openssl ts -reply) on this very text, so that mutations of a good stamp are judged to the end.
#pragma once

#include <string>

namespace firebreak::ledger::testing {

inline const std::string kAuthority =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBhTCCASugAwIBAgIUBNM/yh17ig5Kic6j1o+wNI2mHd8wCgYIKoZIzj0EAwIw\n"
    "DDEKMAgGA1UEAwwBdDAeFw0yNjExMjUxMTQ0MzdaFw0zNjExMjIxMTQ0MzdaMAwx\n"
    "CjAIBgNVBAMMAXQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASoItzfcSOZF+0E\n"
    "yGwHF5jPz7jgzvA+zkbxTJPfyGykqBdtINHacfP7APWWWUt5blPS1Z1gvDQ8Mm2i\n"
    "FuxDB/SRo2swaTAdBgNVHQ4EFgQUHpchUmPmrmTsvO2FFrk955+lulUwHwYDVR0j\n"
    "BBgwFoAUHpchUmPmrmTsvO2FFrk955+lulUwDwYDVR0TAQH/BAUwAwEB/zAWBgNV\n"
    "HSUBAf8EDDAKBggrBgEFBQcDCDAKBggqhkjOPQQDAgNIADBFAiAmtHRVtAD/twNA\n"
    "kdwk2En9Z801meWdGz41dDWNNkyEtgIhAJ3A+UG2VMIB0gvtlIU6pE+U0ANo03Wb\n"
    "THJMUxZD5Crk\n"
    "-----END CERTIFICATE-----\n";

}  // namespace firebreak::ledger::testing
