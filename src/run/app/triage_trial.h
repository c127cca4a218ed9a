// How often drift is told from attack: labelled scenarios whose records go through the shipped detectors, the correlation of findings and
// the triage, as records of an endpoint do. Nothing is taken for granted but the cause that the scenario was made with.
//
// Deterministic: the same seeds give the same verdicts (no <random>, no clock). docs/triage.md shows the outcome.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace firebreak::app {

struct TriageTrial {
  std::string cause, truth;           // truth: suspected_malice, benign_drift
  std::uint64_t seed = 0;
  std::string verdict;                // of the triage; no_incident when none was opened: a person declares one five hours after a finding that met no rule
  std::vector<std::string> findings;  // kinds, each once, as they came
  std::vector<std::string> facts;     // that the triage weighed
  bool operator==(const TriageTrial&) const = default;
};

std::vector<std::string> triage_causes();

// Errors: kInvalid: no such cause.
Result<TriageTrial> triage_trial(const std::string& cause, std::uint64_t seed);

// Every cause with the seeds 1 to `seeds`.
std::vector<TriageTrial> triage_trials(std::uint64_t seeds);

// {seeds, causes[{cause, truth, suspected_malice, benign_drift, undetermined, no_incident}], matrix{truth: {verdict: count}}, trials[{cause, seed, verdict, findings[], facts[]}]}
Json confusion_of(const std::vector<TriageTrial>& trials);
std::string confusion_text(const Json& confusion);  // Markdown

}  // namespace firebreak::app
