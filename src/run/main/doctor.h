// firebreak doctor: what an operator would look at before a night on call, each line with the command that
// mends it.
//
// Reads only, but for a probe file in the data folder that it removes again. Threads: none.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/json.h"

namespace firebreak::cli {

enum class Health { kOk, kWarn, kRed };

struct Diagnosis {
  Health health = Health::kOk;
  std::string what;  // "disk: an fdatasync takes 1.2 ms (median of 20)"
  std::string mend;  // the command or step; empty when there is nothing to mend
};

struct DoctorOptions {
  std::string data = "firebreak-data";
  std::string config;  // file; empty = none
  std::string url;     // where the server should answer
};

std::vector<Diagnosis> examine(const DoctorOptions& options);

// What a measurement means; pure. Negative milliseconds: the probe could not be written.
Diagnosis judge_disk(const std::string& folder, double milliseconds);
Diagnosis judge_space(double free_octets, double all_octets);
Diagnosis judge_clock(bool synchronised, std::int64_t error_us);
Diagnosis judge_descriptors(std::uint64_t may_be_open);
// Which audience's approvers the gate would refuse, by preset. `notify`: the document of notify_applied. doctor_plan.cc
std::vector<Diagnosis> judge_plan(const Json& notify);

// Of examine(); doctor_data.cc, doctor_logs.cc, doctor_vouched.cc, doctor_store.cc, doctor_machine.cc, doctor_ports.cc.
void examine_folder(const DoctorOptions& options, std::vector<Diagnosis>& out);  // format, rights
void examine_logs(const DoctorOptions& options, std::vector<Diagnosis>& out);    // keys, ends, newest entry
void examine_vouched(const DoctorOptions& options, std::vector<Diagnosis>& out);  // witnesses, time stamps
void examine_key_backup(const DoctorOptions& options, std::vector<Diagnosis>& out);
void examine_store(const DoctorOptions& options, std::vector<Diagnosis>& out);    // the copy off the machine
void examine_disk(const DoctorOptions& options, std::vector<Diagnosis>& out);    // speed, space
void examine_machine(std::vector<Diagnosis>& out);                               // clock, file descriptors
void examine_server(const DoctorOptions& options,
                    std::vector<Diagnosis>& out);  // does it answer, who has its port
void examine_configuration(const DoctorOptions& options, std::vector<Diagnosis>& out);  // content, connectors

}  // namespace firebreak::cli
