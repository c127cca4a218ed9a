// Whether a regime's reports are due at all, as far as thresholds decide it: criteria as data, what is known of each, and what follows.
//
// A document is {version: 1, worksheets: [{regime, title, source, decision, criteria}]} (docs/deadlines.md). Reading is strict; a threshold
// whose number does not stand in its text is kInvalid with a JSON Pointer. What nobody has said is not known, never no: the outcome is
// undecided as long as what is missing could turn it. People decide; this says what the thresholds say.
//
// Pure; values, no threads.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "deadline/regime.h"

namespace firebreak::deadline {

struct Threshold {
  std::string value;       // its name
  bool yes = false;        // a question: met by yes; otherwise a number
  double bound = 0;
  bool above = false;      // met above `bound`, else from `bound` on
  std::string unit, from;  // from: a figure of the incident that fills it in
};

struct Criterion {
  std::string id, label, citation, text;
  std::vector<Threshold> any;  // met when one is
};

struct Worksheet {
  std::string regime, title;
  Source source;
  std::vector<Criterion> criteria;
  // Yes: all of `all`, and one of `any` or `or_met` of the criteria that are in neither.
  std::vector<std::string> all, any;
  std::size_t or_met = 0;
  std::string event, text;     // what a yes starts; the rule in words
};

Result<std::vector<Worksheet>> worksheets_from_json(const Json& document);

enum class Answer { kNo, kUnknown, kYes };
std::string_view answer_name(Answer answer);  // "no", "not known", "yes"

struct Judged {
  Answer outcome = Answer::kUnknown;
  std::vector<Answer> criteria;          // in the worksheet's order
  std::vector<std::string> missing;      // values that nobody gave
};

// `values`: numbers, yes and no, as typed. Errors: kInvalid for a name that the worksheet has not, and for what cannot be read.
Result<Judged> judged(const Worksheet& sheet, const std::map<std::string, std::string>& values);

Json to_json(const Worksheet& sheet, const std::map<std::string, std::string>& values, const Judged& judged);
std::string summary(const Worksheet& sheet, const std::map<std::string, std::string>& values, const Judged& judged);  // one paragraph, for the record

}  // namespace firebreak::deadline
