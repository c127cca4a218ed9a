// Evidence that goes from one person to another: both sides name the digest, each is an entry, and nothing goes twice at once.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "base/digest.h"
#include "fold/casefile/casefile.h"
#include "types/command.h"
#include "types/group_driver.h"

namespace firebreak::casefile {
namespace {

class Store : public GroupDriver<CasefileState> {
 public:
  Store() : GroupDriver(&casefile::decide, &casefile::apply, Time{1'772'850'000 * kSecond}) {
    incident = input("incident_opened", JsonObject{{"endpoint", "api"}, {"stream", "api"}, {"title", "t"}, {"severity", "SEV-3"}, {"rule", "r"}}).front().id("inc");
    for (const char* item : {"counters", "model"}) items.push_back(input("evidence_captured", JsonObject{{"incident", incident}, {"item", item}, {"digest", sha256(item).hex()}}).front().id("ev"));
  }
  std::vector<Entry> act(const std::string& name, JsonObject args, const std::string& by) {
    const auto checked = check_command(name, args);
    EXPECT_TRUE(checked) << name << ": " << (checked ? "" : checked.error().message);
    return command(by, name, std::move(args));
  }
  std::vector<Entry> offer(std::size_t item, const std::string& to = "ben", const std::string& by = "user:ana") {
    return act("evidence.offer", {{"incident", incident}, {"evidence", items[item]}, {"to", to}, {"digest", state().files.at(incident).items.at(items[item]).digest}, {"reason", "for the laboratory"}}, by);
  }
  std::string incident;
  std::vector<std::string> items;
};

std::string refused(const std::vector<Entry>& group) {
  const Entry* const entry = find_kind(group, "command_refused");
  return entry == nullptr ? "" : string_or(entry->body, "code") + " " + string_or(entry->body, "pointer");
}

TEST(Custody, goes_over_when_the_taker_signs_for_the_digest_that_the_giver_named) {
  Store store;
  const auto offered = store.offer(0);
  ASSERT_NE(find_kind(offered, "custody_offered"), nullptr);
  const std::string id = find_kind(offered, "custody_offered")->id("cust"), digest = sha256("counters").hex();
  EXPECT_EQ(string_or(find_kind(offered, "evidence_custody")->body, "action"), "offer");
  EXPECT_EQ(string_or(find_kind(offered, "evidence_custody")->body, "digest"), digest);
  EXPECT_EQ(store.state().files.at(store.incident).items.at(store.items[0]).holder, "") << "until it is taken it is with who gave it";
  EXPECT_EQ(refused(store.act("evidence.take", {{"offer", id}, {"digest", digest}}, "user:cyd")), "forbidden /offer");
  EXPECT_EQ(refused(store.act("evidence.take", {{"offer", id}, {"digest", digest}}, "user:ana")), "forbidden /offer") << "one person alone is no hand-over";
  EXPECT_EQ(refused(store.act("evidence.take", {{"offer", id}, {"digest", sha256("other").hex()}}, "user:ben")), "conflict /digest");
  const auto taken = store.act("evidence.take", {{"offer", id}, {"digest", digest}}, "user:ben");
  const Entry* const line = find_kind(taken, "evidence_custody");
  ASSERT_NE(line, nullptr);
  for (const auto& [key, value] : {std::pair("action", "transfer"), {"from", "ana"}, {"to", "ben"}, {"by", "user:ben"}}) EXPECT_EQ(string_or(line->body, key), value);
  EXPECT_EQ(store.state().files.at(store.incident).items.at(store.items[0]).holder, "ben");
  EXPECT_EQ(refused(store.offer(0, "cyd", "user:ana")), "forbidden /evidence") << "ana has it no more";
  EXPECT_EQ(refused(store.offer(0, "cyd", "user:ben")), "");
  EXPECT_EQ(store.replayed(), store.state());
  EXPECT_EQ(state_from_json(*parse_json(canonical_json(to_json(store.state())))).value(), store.state());
}

TEST(Custody, is_refused_or_withdrawn_with_a_reason_and_stays_where_it_was) {
  Store store;
  const std::string first = find_kind(store.offer(0), "custody_offered")->id("cust");
  EXPECT_EQ(refused(store.offer(0, "cyd")), "conflict /evidence") << "it cannot be offered to two";
  EXPECT_EQ(refused(store.act("evidence.withdraw", {{"offer", first}, {"reason", "r"}}, "user:ben")), "forbidden /offer");
  EXPECT_EQ(refused(store.act("evidence.refuse", {{"offer", first}, {"reason", "r"}}, "user:ana")), "forbidden /offer");
  EXPECT_EQ(refused(store.command("user:ben", "evidence.refuse", {{"offer", first}, {"reason", " "}})), "invalid /reason");
  EXPECT_EQ(string_or(find_kind(store.act("evidence.refuse", {{"offer", first}, {"reason", "the seal is broken"}}, "user:ben"), "evidence_custody")->body, "action"), "refuse");
  EXPECT_EQ(refused(store.act("evidence.take", {{"offer", first}, {"digest", sha256("counters").hex()}}, "user:ben")), "not_found /offer");
  const std::string second = find_kind(store.offer(0), "custody_offered")->id("cust");
  EXPECT_EQ(string_or(find_kind(store.act("evidence.withdraw", {{"offer", second}, {"reason", "the wrong one"}}, "user:ana"), "evidence_custody")->body, "action"), "withdraw");
  EXPECT_EQ(store.state().files.at(store.incident).items.at(store.items[0]).holder, "");
  EXPECT_TRUE(store.state().offers.empty());
}

TEST(Custody, of_a_bundle_takes_every_item_under_the_digest_of_its_manifest) {
  Store store;
  const std::string manifest = sha256("MANIFEST.sha256").hex();
  const auto offered = store.act("evidence.offer", {{"incident", store.incident}, {"evidence", "bundle"}, {"to", "ben"}, {"digest", manifest}, {"reason", "for the authority"}}, "user:ana");
  EXPECT_EQ(std::count_if(offered.begin(), offered.end(), [](const Entry& entry) { return entry.kind == "evidence_custody"; }), 2);
  store.act("evidence.take", {{"offer", find_kind(offered, "custody_offered")->id("cust")}, {"digest", manifest}}, "user:ben");
  for (const std::string& item : store.items) EXPECT_EQ(store.state().files.at(store.incident).items.at(item).holder, "ben");
}

TEST(Custody, needs_two_people_the_right_digest_and_times_with_a_zone) {
  Store store;
  const JsonObject right{{"incident", store.incident}, {"evidence", store.items[0]}, {"to", "ben"}, {"digest", sha256("counters").hex()}, {"reason", "r"}};
  const auto with = [&](const char* key, const char* value) {
    JsonObject args = right;
    args[key] = value;
    return refused(store.act("evidence.offer", std::move(args), "user:ana"));
  };
  EXPECT_EQ(with("to", "ana"), "invalid /to");
  EXPECT_EQ(with("digest", "abc"), "invalid /digest");
  EXPECT_EQ(with("digest", sha256("model").hex().c_str()), "conflict /digest");
  EXPECT_EQ(with("evidence", "ev-999"), "not_found /evidence");
  EXPECT_EQ(with("at", "2026-03-07T02:10:00"), "invalid /at") << "a time without a zone";
  EXPECT_EQ(with("at", "2027-03-07T02:10:00Z"), "invalid /at") << "nothing was handed over that lies ahead";
  EXPECT_EQ(with("at", "2026-03-07T03:10:00+01:00"), "");
  EXPECT_EQ(refused(store.command("service:gw-1", "evidence.offer", JsonObject(right))), "forbidden ");
}

// Whatever is offered, taken, refused and withdrawn in any order: an item has one holder, and changes it by its taker's hand alone.
RC_GTEST_PROP(CustodyProperty, an_item_changes_hands_only_by_both_sides, ()) {
  Store store;
  const std::vector<std::string> people{"ana", "ben", "cyd"};
  for (const int step : *rc::gen::container<std::vector<int>>(30, rc::gen::inRange(0, 4 * 3 * 3 * 2))) {
    const auto at = static_cast<std::size_t>(step);
    const std::string who = "user:" + people[at / 4 % 3], to = people[at / 12 % 3], item = store.items[at / 36 % 2], before = store.state().files.at(store.incident).items.at(item).holder;
    const std::string open = store.state().offers.empty() ? "cust-0" : store.state().offers.begin()->first;
    std::vector<Entry> group;
    if (at % 4 == 0) group = store.offer(at / 36 % 2, to, who);
    else if (at % 4 == 1) group = store.act("evidence.take", {{"offer", open}, {"digest", store.state().offers.empty() ? sha256("x").hex() : store.state().offers.begin()->second.digest}}, who);
    else group = store.act(at % 4 == 2 ? "evidence.refuse" : "evidence.withdraw", {{"offer", open}, {"reason", "r"}}, who);
    const std::string& after = store.state().files.at(store.incident).items.at(item).holder;
    if (after != before) RC_ASSERT(find_kind(group, "custody_ended") != nullptr && "user:" + after == who);
  }
  std::map<std::string, std::string> last;  // of each item: who took it, from the lines alone
  for (const Entry& entry : store.entries())
    if (entry.kind == "evidence_custody" && string_or(entry.body, "action") == "transfer") last[string_or(entry.body, "evidence")] = string_or(entry.body, "to");
  for (const auto& [id, item] : store.state().files.at(store.incident).items) RC_ASSERT(item.holder == last[id]);
  RC_ASSERT(store.replayed() == store.state());
}

}  // namespace
}  // namespace firebreak::casefile
