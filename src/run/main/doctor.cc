#include "run/main/doctor.h"

#include <fmt/core.h>

#include <cstdio>

#include "run/main/commands.h"

namespace firebreak::cli {
namespace {

std::string_view word_of(Health health) {
  switch (health) {
    case Health::kWarn:
      return "warn";
    case Health::kRed:
      return "red";
    case Health::kOk:
      break;
  }
  return "ok";
}

}  // namespace

std::vector<Diagnosis> examine(const DoctorOptions& options) {
  std::vector<Diagnosis> out;
  PosixFiles files;
  examine_folder(options, out);
  if (exists(files, options.data)) {
    examine_logs(options, out);
    examine_vouched(options, out);
    examine_key_backup(options, out);
    examine_disk(options, out);
  }
  examine_store(options, out);
  examine_machine(out);
  examine_server(options, out);
  examine_configuration(options, out);
  return out;
}

int doctor(const DoctorOptions& options, bool json) {
  const auto found = examine(options);
  bool red = false;
  JsonArray items;
  for (const Diagnosis& each : found) {
    red = red || each.health == Health::kRed;
    if (json) {
      items.push_back(JsonObject{{"state", word_of(each.health)}, {"what", each.what}, {"mend", each.mend}});
      continue;
    }
    fmt::print("{:<5} {}\n", word_of(each.health), each.what);
    if (!each.mend.empty()) fmt::print("      mend: {}\n", each.mend);
  }
  if (json) std::fputs(pretty_json(items).c_str(), stdout);
  return red ? kNegative : kDone;
}

}  // namespace firebreak::cli
