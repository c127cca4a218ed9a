// Query chains: distinct requests of one endpoint that are nearer to each other than chance allows, whoever
// sent them, joined by union-find ("provenance components"; linking each query to earlier ones: QPA, Li et
// al., S&P 2025).
//
// The geometry carries the decision, never the answers: once an action is in force the answers are the
// fallback's. Exact copies are no evidence (retries, nightly re-scoring); a copy of an alarmed chain's row
// adds its caller. A component is alarmed by size and by shape: what-if tools move one or two fields, attacks
// move many.
//
// Rows are compared within a combination of categories, but for categories of which new values are usual.
// State: per combination a ring of the newest distinct rows. Bounded by config.max_bytes: the
// least recently used combination is forgotten first, then the oldest rows of the current one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "fold/detect/config.h"
#include "fold/detect/id_table.h"
#include "fold/detect/key_book.h"
#include "fold/detect/profile.h"
#include "fold/detect/row_ring.h"
#include "types/finding.h"
#include "types/observation.h"

namespace firebreak::detect {

// What of an alarmed component has been reported and what has not.
struct ChainEpisode {
  std::string name;  // "query_chain/<index of its first row when it was alarmed>"
  bool opened = false;
  double two_field_share = 0;
  Time next_report;
  std::uint64_t established_callers = 0, digests_dropped = 0;
  std::set<std::uint32_t> callers;  // noted so far
  std::vector<std::uint32_t> new_callers;
  std::vector<std::uint64_t> new_indexes;  // parallel to new_digests
  std::vector<Digest> new_digests;

  bool pending() const { return !opened || !new_callers.empty() || !new_digests.empty(); }
};

struct Component {
  std::uint64_t size = 0;            // distinct rows ever
  std::uint64_t live = 0;            // of these still in the ring
  std::vector<std::uint64_t> rows;   // sequence numbers in the group's ring; dropped ones leave lazily
  std::vector<std::uint64_t> steps;  // fields moved from the nearest linked row, the newest 64
  std::set<std::uint32_t> callers;
  std::uint64_t first_index = 0, last_index = 0;
  Time first_time, last_time;
  bool flagged_seen = false, other_seen = false;  // answers the model gave
  std::optional<ChainEpisode> episode;            // since it was alarmed
};

// Share of the steps that stay within the two fields that move most often.
double two_field_share(const std::vector<std::uint64_t>& steps);

enum class RowRelation : std::uint8_t { kApart, kNear, kCopy };

class ChainDetector {
 public:
  ChainDetector(const DetectorConfig& config, const ReferenceProfile& profile);

  // Takes one complete row; says how it stands to the remembered ones.
  RowRelation observe(const Observation& observation, const std::vector<Rank>& ranks, Time now, std::vector<FindingUpdate>& out);
  // Reports growth that is due and closes chains whose last row left the window.
  void advance(Time now, std::vector<FindingUpdate>& out);

  bool knows_caller(const std::string& caller) const { return keys_.knows(caller); }
  // Memory held, as of the last growth or minute of event time: cheap enough to ask after every record.
  std::size_t bytes() const { return measured_bytes_; }

 private:
  struct Group {
    RowRing ring;
    IdTable<std::uint64_t> copies;  // first 64 bits of the digest -> sequence number
    std::map<std::uint32_t, Component> components;
    std::uint64_t touched = 0;
  };

  Group& group_of(const FeatureRow& row);
  bool remember(std::uint64_t digest_prefix);
  void make_room(Group& group, std::vector<FindingUpdate>& out);
  void forget_group(std::map<std::string, Group>::iterator at, std::vector<FindingUpdate>& out);
  void drop_oldest(Group& group, std::vector<FindingUpdate>& out);
  void drop_older(Group& group, Time now, std::vector<FindingUpdate>& out);  // than the window
  void add_copy(Group& group, std::uint64_t seq, std::uint32_t caller, const Observation& observation, Time now);
  std::uint32_t component_of(Group& group, std::uint64_t seq);
  std::uint32_t merge(Group& group, std::uint32_t a, std::uint32_t b, Time now, std::vector<FindingUpdate>& out);
  void merge_episodes(Group& group, Component& to, Component& from, Time now, std::vector<FindingUpdate>& out);
  void link(Group& group, std::uint64_t seq, const EncodedRow& row, Time now, std::vector<FindingUpdate>& out);
  void note_component(Group& group, ChainEpisode& episode, const Component& component, Time now);
  void note_row(ChainEpisode& episode, const RowMeta& meta);
  void note_caller(ChainEpisode& episode, std::uint32_t caller, Time now);
  void schedule(ChainEpisode& episode, Time now);
  void report(Component& component, Time now, std::vector<FindingUpdate>& out);
  void close(Component& component, const std::string& why, std::vector<FindingUpdate>& out);
  FindingUpdate describe(const Component& component) const;
  std::size_t measure() const;

  const DetectorConfig& config_;
  const ReferenceProfile& profile_;
  KeyBook keys_;
  std::vector<std::size_t> grouping_;  // the categories that rows must share to be compared
  std::map<std::string, Group> groups_;
  IdTable<std::uint8_t> remembered_;            // first 64 bits of digests …
  std::deque<std::uint64_t> remembered_order_;  // … by age
  std::uint32_t next_component_ = 1;
  std::uint64_t touches_ = 0;
  std::size_t ring_bytes_ = 0, measured_bytes_ = 0;
  Time next_report_{INT64_MAX};
  Time next_close_;
  std::vector<Near> near_;
};

}  // namespace firebreak::detect
