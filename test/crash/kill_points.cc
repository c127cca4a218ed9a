#include "crash/kill_points.h"

#include <signal.h>
#include <sys/wait.h>

#include <random>

#include "base/encoding.h"
#include "crash/killing_files.h"
#include "support/process.h"
#include "support/scenario.h"

namespace firebreak::testing {
namespace {

using scenario::Told;

constexpr std::uint64_t kKillsAFolder = 40;
constexpr std::size_t kTurnsAProcess = 3;

Json to_json(const Told& told) {
  JsonArray entries, receipts, blobs;
  for (const record::Receipt& receipt : told.entries) entries.push_back(record::to_json(receipt));
  for (const record::Receipt& receipt : told.receipts) receipts.push_back(record::to_json(receipt));
  for (const Digest& digest : told.blobs) blobs.emplace_back(digest.hex());
  return JsonObject{{"entries", entries}, {"receipts", receipts}, {"blobs", blobs}};
}

record::Receipt receipt_of(const Json& text) {
  const auto number = [&](const char* key) { return static_cast<std::uint64_t>(int_or(text, key)); };
  const auto digest = [&](const char* key) { return Digest::from_bytes(from_base64(string_or(text, key)).value()); };
  return {string_or(text, "log"), number("first"), number("last"), digest("leaf_hash"), number("size"), digest("root"), string_or(text, "signature")};
}

// The folder of an installation, the outside journal beside it, and the processes that come and go.
class Campaign {
 public:
  explicit Campaign(std::uint64_t seed) : random_(seed) {}

  // A process that runs until it has heard of some more turns; killed as `at` says, or (`moment_us`) from outside.
  // True when it was killed.
  bool run(const KillAt& at, std::int64_t moment_us) {
    const pid_t child = ::fork();
    if (child == 0) {
      live(at);
      ::_exit(0);
    }
    if (moment_us >= 0) {
      ::usleep(static_cast<useconds_t>(moment_us));  // a random moment is what is tested; nothing is waited for
      ::kill(child, SIGKILL);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0) << "the process says that something is wrong";
    hear();
    return WIFSIGNALED(status);
  }

  // The points that a process passes on a folder like this, and how often.
  std::map<std::string, std::uint64_t> points() {
    std::map<std::string, std::uint64_t> out;
    const auto text = read_all(files_, folder_ / "points");
    if (!text) return out;
    const Json read = parse_json(*text).value();
    for (const auto& member : read.get_object()) out[std::string(member.key())] = member.value().to_number<std::uint64_t>();
    return out;
  }
  const Told& told() const { return told_; }
  std::string complaint() { return scenario::complaint(files_, data(), told_); }
  scenario::Finding judge() { return scenario::judge(files_, data(), told_); }
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

 private:
  std::string data() const { return folder_ / "data"; }

  // In the child.
  void live(const KillAt& at) {
    KillingFiles files(at);
    const auto keep = [&] {
      const std::string text = canonical_json(to_json(told_));
      if (!write_plain(files_, folder_ / "told.tmp", text) || !files_.rename(folder_ / "told.tmp", folder_ / "told")) ::_exit(4);
    };
    const auto ended = scenario::play(files, data(), random_(), told_, told_.entries.size() + kTurnsAProcess, keep);
    if (!ended) ::_exit(3);
    JsonObject seen;
    for (const auto& [point, times] : files.seen()) seen[point] = times;
    (void)write_plain(files_, folder_ / "points", canonical_json(seen));
  }

  void hear() {
    const auto text = read_all(files_, folder_ / "told");
    if (!text) return;
    const Json read = parse_json(*text).value();
    told_ = {};
    for (const Json& one : read.at("entries").as_array()) told_.entries.push_back(receipt_of(one));
    for (const Json& one : read.at("receipts").as_array()) told_.receipts.push_back(receipt_of(one));
    for (const Json& one : read.at("blobs").as_array()) told_.blobs.push_back(Digest::from_hex(std::string(one.as_string())).value());
  }

  Folder folder_;
  PosixFiles files_;
  Told told_;
  std::mt19937_64 random_;
};

struct Sums {
  std::uint64_t kills = 0, at_random = 0, not_reached = 0, acknowledged = 0, lost = 0, doubled = 0, unverifiable = 0, looked_inside = 0;
  std::map<std::string, std::uint64_t> at;
};

void look(Campaign& campaign, Sums& sums, const std::string& after) {
  const scenario::Finding finding = campaign.judge();
  ++sums.looked_inside;
  sums.lost += finding.lost;
  sums.doubled += finding.doubled;
  EXPECT_EQ(finding.outcome, scenario::Outcome::kUnharmed) << after << ": " << finding.why;
}

// One process more that is killed, if it comes to that.
void kill_once(Campaign& campaign, const std::map<std::string, std::uint64_t>& points, Sums& sums) {
  std::string what = "at a random moment";
  bool killed = false;
  if (points.empty() || campaign.below(4) == 0) {
    killed = campaign.run({}, static_cast<std::int64_t>(campaign.below(40'000)));
    sums.at_random += killed ? 1 : 0;
  } else {
    auto point = points.begin();
    std::advance(point, static_cast<std::ptrdiff_t>(campaign.below(points.size())));
    const auto moment = static_cast<Moment>(campaign.below(3));
    killed = campaign.run({point->first, 1 + campaign.below(point->second), moment}, -1);
    what = point->first;
    sums.at[what] += killed ? 1 : 0;
  }
  sums.kills += killed ? 1 : 0;
  sums.not_reached += killed ? 0 : 1;
  if (const std::string said = campaign.complaint(); !said.empty()) {
    ++sums.unverifiable;
    ADD_FAILURE() << "killed " << what << ": " << said;
  }
}

}  // namespace

void kill_at_points(std::uint64_t kills, std::uint64_t seed, Form form) {
  Sums sums;
  std::map<std::string, std::uint64_t> points;
  for (std::uint64_t round = 0; sums.kills < kills; ++round) {
    Campaign campaign(seed * 1'000 + round);
    if (points.empty()) {
      // What a first start passes, and what a later one does.
      for (int start = 0; start < 2; ++start) {
        campaign.run({}, -1);
        for (const auto& [point, times] : campaign.points()) points[point] = std::max(points[point], times);
      }
      ASSERT_GT(points.size(), 15U);
    }
    const std::uint64_t before = sums.kills;
    for (int i = 0; sums.kills < kills && sums.kills - before < kKillsAFolder && i < 200; ++i) {
      kill_once(campaign, points, sums);
      if (i % 10 == 9) look(campaign, sums, "after process " + std::to_string(i));
      if (::testing::Test::HasFailure()) return;
    }
    campaign.run({}, -1);  // the last one lives
    look(campaign, sums, "at the end");
    sums.acknowledged += campaign.told().count();
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_GT(sums.acknowledged, kills / 2);
  EXPECT_GT(sums.at.size(), points.size() / 2) << "most points were hit";
  JsonObject at;
  for (const auto& [point, times] : sums.at) at[point] = times;
  publish("kills", form, "journal, stream and blobs",
          {{"kills", sums.kills}, {"at_random_moments", sums.at_random}, {"at_points", at}, {"ended_before_the_point", sums.not_reached},
           {"acknowledged", sums.acknowledged}, {"opened_and_read", sums.looked_inside}, {"lost", sums.lost}, {"doubled", sums.doubled},
           {"unverifiable", sums.unverifiable}, {"seed", seed}});
}

}  // namespace firebreak::testing
