// Who vouches for the logs, as configured.
#pragma once

#include <cstdint>
#include <string>

namespace firebreak::effects {

struct AttesterConfig {
  std::string kind;      // "witness", "timestamp"
  std::string name;      // is_name(): a file beside the log bears it
  std::string url;
  std::string vkey;      // a witness' key, type 04
  std::string ca_file;   // PEM; of a time-stamping authority: whom its stamps must lead to
  std::string tls_ca_file;  // PEM; https: whom its server's certificate must lead to; empty = the system's
  bool required = false; // a witness whose cosignature what is published must bear
  std::int64_t interval_us = 60'000'000;
  std::int64_t missing_us = 3'600'000'000;  // so long without an answer is a finding
};

}  // namespace firebreak::effects
