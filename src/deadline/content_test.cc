// The shipped regimes a second time: whoever changes a period, a text or a source in content/deadlines/regimes.yaml changes it here too, and says
// in the commit what was read where.
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <string>

#include "deadline/sample.h"

namespace firebreak::deadline {
namespace {

// Enough YAML for the shipped file: plain digits are numbers, true and false flags, all else text. The product's own reader is stricter.
Json json_of(const YAML::Node& node) {
  if (node.IsSequence()) {
    JsonArray out;
    for (const auto& one : node) out.push_back(json_of(one));
    return out;
  }
  if (node.IsMap()) {
    JsonObject out;
    for (const auto& one : node) out[one.first.as<std::string>()] = json_of(one.second);
    return out;
  }
  const std::string text = node.as<std::string>();
  if (node.Tag() != "?") return Json(text);
  if (text == "true" || text == "false") return text == "true";
  if (!text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; })) return std::stoll(text);
  return Json(text);
}

}  // namespace

Json content(const std::string& file) { return json_of(YAML::LoadFile(FIREBREAK_SOURCE_DIR "/content/deadlines/" + file)); }

const std::vector<Regime>& shipped() {
  static const std::vector<Regime> regimes = [] {
    auto read = regimes_from_json(content("regimes.yaml"));
    EXPECT_TRUE(read) << read.error().pointer << ": " << read.error().message;
    return read.value_or(std::vector<Regime>());
  }();
  return regimes;
}

namespace {

struct PinnedSource {
  const char *regime, *citation, *url, *checked;
  bool draft;
};
const PinnedSource kSources[] = {
    {"gdpr", "Regulation (EU) 2016/679, art. 33 and 34",
     "https://eur-lex.europa.eu/eli/reg/2016/679/oj", "unchecked", false},
    {"nis2", "Directive (EU) 2022/2555, art. 23",
     "https://eur-lex.europa.eu/eli/dir/2022/2555/oj", "source", false},
    {"dora", "Regulation (EU) 2022/2554, art. 19, with Delegated Regulation (EU) 2025/301, art. 1 to 5",
     "https://eur-lex.europa.eu/eli/reg_del/2025/301/oj", "source", false},
    {"sec-8k", "Form 8-K, item 1.05",
     "https://www.sec.gov/files/form8-k.pdf", "source", false},
    {"hipaa", "45 CFR 164.404 to 164.412",
     "https://www.ecfr.gov/current/title-45/subtitle-A/subchapter-C/part-164/subpart-D", "source", false},
    {"ai-act-73", "Regulation (EU) 2024/1689, art. 73 and 26(5)",
     "https://eur-lex.europa.eu/eli/reg/2024/1689/oj", "source", false},
    {"ai-act-55", "Regulation (EU) 2024/1689, art. 55(1)(c), with the Code of Practice for general-purpose AI",
     "https://eur-lex.europa.eu/eli/reg/2024/1689/oj", "secondary", false},
    {"nydfs", "23 NYCRR 500.17",
     "https://www.dfs.ny.gov/industry_guidance/cybersecurity", "source", false},
    {"us-banks", "12 CFR 53.3 (OCC), 225.302 (Federal Reserve), 304.23 (FDIC)",
     "https://www.ecfr.gov/current/title-12/chapter-I/part-53", "unchecked", false},
    {"ftc-safeguards", "16 CFR 314.4(j)",
     "https://www.ecfr.gov/current/title-16/section-314.4", "unchecked", false},
    {"circia", "89 FR 23644 (proposed rule, 4 April 2024)",
     "https://www.federalregister.gov/citation/89-FR-23644", "source", true},
    {"card-brands", "Rules of Visa and Mastercard, PCI DSS 12.10, as acquirers sum them up",
     "https://www.pcisecuritystandards.org/document_library/", "secondary", false},
};

struct PinnedStage {
  const char *stage, *periods, *citation, *text;
};
const PinnedStage kStages[] = {
    {"gdpr/authority", "72 hours after awareness",
     "art. 33(1), (3), (4)",
     "72 hours after the controller has become aware of the breach"},
    {"gdpr/subjects", "immediately after awareness",
     "art. 34(1)",
     "without undue delay when the breach is likely to bring a high risk to persons"},
    {"gdpr/controller", "immediately after processor_awareness",
     "art. 33(2)",
     "without undue delay after the processor has become aware"},
    {"nis2/early_warning", "24 hours after awareness",
     "art. 23(4)(a)",
     "24 hours after becoming aware of the significant incident"},
    {"nis2/notification", "72 hours after awareness; 24 hours after awareness if trust_service",
     "art. 23(4)(b)",
     "72 hours after becoming aware; 24 hours for providers of trust services whose services are affected"},
    {"nis2/intermediate", "immediately after request, last",
     "art. 23(4)(c)",
     "upon request of the CSIRT or authority; no number"},
    {"nis2/final", "1 months after filed:notification",
     "art. 23(4)(d)",
     "1 month after the incident notification was submitted"},
    {"nis2/progress", "1 months after filed:notification",
     "art. 23(4)(e)",
     "when the final report would be due: 1 month after the incident notification was submitted"},
    {"nis2/final_after_handling", "1 months after handled",
     "art. 23(4)(e)",
     "1 month after the incident was handled"},
    {"dora/initial", "4 hours after classification; 24 hours after awareness drops for classification",
     "Reg. 2025/301, art. 2 and 5",
     "4 hours after classification as major and 24 hours after awareness at the latest; classified later than that: 4 hours after classification"},
    {"dora/intermediate", "72 hours after filed:initial",
     "Reg. 2025/301, art. 3 and 5",
     "72 hours after the initial notification was submitted"},
    {"dora/intermediate_update", "immediately after recovery",
     "Reg. 2025/301, art. 5",
     "without undue delay when regular activities have recovered; no number"},
    {"dora/final", "1 months after filed:intermediate, last",
     "Reg. 2025/301, art. 4 and 5",
     "1 month after the latest intermediate report was submitted"},
    {"sec-8k/initial", "4 business_days after materiality",
     "item 1.05(a); general instruction B.1",
     "4 business days after the registrant determined that the incident is material, a determination made without unreasonable delay after discovery"},
    {"sec-8k/amendment", "4 business_days after missing_facts_known, last",
     "item 1.05, instruction 2",
     "4 business days after missing information was determined or became available"},
    {"hipaa/individuals", "60 days after discovery",
     "45 CFR 164.404(b), (c)",
     "without unreasonable delay, 60 calendar days after discovery at the latest"},
    {"hipaa/media", "60 days after discovery",
     "45 CFR 164.406",
     "more than 500 residents of a State: 60 calendar days after discovery at the latest"},
    {"hipaa/hhs", "60 days after discovery",
     "45 CFR 164.408(b)",
     "500 individuals or more: together with the notice to individuals, so 60 calendar days after discovery at the latest"},
    {"hipaa/hhs_annual", "60 days after discovery, year end",
     "45 CFR 164.408(c)",
     "fewer than 500 individuals: 60 days after the end of the calendar year of discovery"},
    {"hipaa/covered_entity", "60 days after associate_discovery",
     "45 CFR 164.410(b)",
     "without unreasonable delay, 60 calendar days after the associate's discovery at the latest"},
    {"ai-act-73/report", "immediately after causal_link; 15 days after awareness; 10 days after awareness if death; 2 days after awareness if widespread_or_critical_infrastructure",
     "art. 73(2), (3), (4)",
     "immediately when a causal link or its reasonable likelihood is established, and 15 days after awareness at the latest; 2 days for a widespread infringement or a disruption of critical infrastructure; 10 days for a death"},
    {"ai-act-73/deployer", "immediately after deployer_awareness",
     "art. 26(5)",
     "immediately once the deployer has identified it"},
    {"ai-act-55/first_report", "15 days after awareness; 10 days after awareness if death; 5 days after awareness if cybersecurity_breach; 2 days after awareness if critical_infrastructure",
     "art. 55(1)(c); Code of Practice",
     "without undue delay; by the Code 15 days for other serious harm, 10 days for a death, 5 days for a cybersecurity breach, 2 days for a disruption of critical infrastructure"},
    {"nydfs/notice", "72 hours after determination",
     "23 NYCRR 500.17(a)(1)",
     "72 hours after determining that a cybersecurity incident has occurred at the entity, an affiliate or a third-party service provider"},
    {"nydfs/update", "immediately after new_information, last",
     "23 NYCRR 500.17(a)(2)",
     "promptly what is asked for, and updates for as long as there is news; no number"},
    {"nydfs/extortion_payment", "24 hours after payment",
     "23 NYCRR 500.17(c)(1)",
     "24 hours after the extortion payment"},
    {"nydfs/payment_reasons", "30 days after payment",
     "23 NYCRR 500.17(c)(2)",
     "30 days after the extortion payment"},
    {"us-banks/notice", "36 hours after determination",
     "12 CFR 53.3, 225.302, 304.23",
     "as soon as possible, 36 hours after determining that a notification incident has occurred at the latest"},
    {"ftc-safeguards/notice", "30 days after discovery",
     "16 CFR 314.4(j)(1)",
     "500 consumers or more: as soon as possible, 30 days after discovery at the latest"},
    {"circia/incident", "72 hours after reasonable_belief",
     "89 FR 23644",
     "72 hours after the entity reasonably believes that a covered incident has occurred"},
    {"circia/payment", "24 hours after payment",
     "89 FR 23644",
     "24 hours after the ransom payment"},
    {"card-brands/acquirer", "immediately after suspicion",
     "PCI DSS 12.10; rules of the brands",
     "immediately on suspicion"},
    {"card-brands/visa_report", "3 days after suspicion",
     "rules of Visa",
     "3 calendar days"},
    {"card-brands/visa_investigator", "5 days after suspicion",
     "rules of Visa",
     "5 days"},
    {"card-brands/visa_accounts", "10 business_days after suspicion",
     "rules of Visa",
     "10 business days"},
    {"card-brands/mastercard_investigator", "72 hours after suspicion",
     "rules of Mastercard",
     "72 hours"},
};

std::string words_of(const Period& period) {
  std::string out = period.unit == Unit::kImmediately ? "immediately" : std::to_string(period.amount) + " " + std::string(unit_name(period.unit));
  out += " after " + period.from;
  if (period.last) out += ", last";
  if (period.year_end) out += ", year end";
  if (!period.only_if.empty()) out += " if " + period.only_if;
  if (!period.drops_if_later.empty()) out += " drops for " + period.drops_if_later;
  return out;
}

TEST(Content, every_source_is_pinned) {
  ASSERT_EQ(shipped().size(), std::size(kSources));
  for (std::size_t i = 0; i < std::size(kSources); ++i) {
    const Regime& one = shipped()[i];
    const PinnedSource& pinned = kSources[i];
    EXPECT_EQ(one.id, pinned.regime);
    EXPECT_EQ(one.source.citation, pinned.citation) << one.id;
    EXPECT_EQ(one.source.url, pinned.url) << one.id;
    EXPECT_EQ(checked_name(one.source.checked), pinned.checked) << one.id;
    EXPECT_EQ(one.draft, pinned.draft) << one.id;
    EXPECT_EQ(format_day(one.source.seen), "2026-11-22") << one.id;
  }
}

TEST(Content, every_period_is_pinned_to_its_text_and_place) {
  std::map<std::string, std::pair<const Stage*, std::string>> stages;
  for (const Regime& one : shipped()) {
    for (const Stage& stage : one.stages) {
      std::string periods;
      for (const Period& period : stage.periods) periods += (periods.empty() ? "" : "; ") + words_of(period);
      stages[one.id + "/" + stage.id] = {&stage, periods};
    }
  }
  EXPECT_EQ(stages.size(), std::size(kStages));
  for (const PinnedStage& pinned : kStages) {
    ASSERT_TRUE(stages.contains(pinned.stage)) << pinned.stage;
    const auto& [stage, periods] = stages[pinned.stage];
    EXPECT_EQ(periods, pinned.periods) << pinned.stage;
    EXPECT_EQ(stage->citation, pinned.citation) << pinned.stage;
    EXPECT_EQ(stage->text, pinned.text) << pinned.stage;
    EXPECT_TRUE(stage->paraphrased) << pinned.stage << ": a quotation needs the source beside it";
  }
}

TEST(Content, rules_of_counting_are_pinned) {
  const auto with = [](auto predicate) {
    std::set<std::string> out;
    for (const Regime& one : shipped()) {
      if (predicate(one)) out.insert(one.id);
    }
    return out;
  };
  using Set = std::set<std::string>;
  EXPECT_EQ(with([](const Regime& one) { return one.later == Later::kWorkingDay; }), (Set{"gdpr", "nis2", "ai-act-73", "ai-act-55"}));
  EXPECT_EQ(with([](const Regime& one) { return one.later == Later::kWorkingDayNoon; }), Set{"dora"});
  EXPECT_EQ(with([](const Regime& one) { return one.later == Later::kEndOfDay; }), (Set{"hipaa", "nydfs", "ftc-safeguards"}));
  EXPECT_EQ(with([](const Regime& one) { return one.tolling == Tolling::kStops; }), Set{"hipaa"});
  EXPECT_EQ(with([](const Regime& one) { return one.tolling == Tolling::kPostpones; }), Set{"sec-8k"});
  EXPECT_EQ(with([](const Regime& one) { return one.restart.has_value(); }), Set{"dora"});
  EXPECT_EQ(with([](const Regime& one) { return one.applies_from.has_value(); }), Set{"ai-act-73"});
  EXPECT_EQ(with([](const Regime& one) { return one.day_ends != 86399; }), Set{"sec-8k"});
  EXPECT_EQ(regime("sec-8k").day_ends, 17 * 3600 + 30 * 60);
  EXPECT_EQ(format_day(regime("ai-act-73").applies_from.value_or(0)), "2027-12-02");
}

TEST(Content, every_regime_says_what_the_program_does_not_know) {
  for (const Regime& one : shipped()) EXPECT_FALSE(one.unknown.empty()) << one.id;
}

}  // namespace
}  // namespace firebreak::deadline
