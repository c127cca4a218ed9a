#include "damage/judges.h"

#include <algorithm>
#include <functional>

#include "log/ledger/segment.h"
#include "read/archive/manifest.h"
#include "read/archive/statement.h"
#include "read/evidence/blob_store.h"

namespace firebreak::damage {
namespace {

using testing::Form;

using Paths = std::vector<std::string>;

Paths paths_of(const World& world, const std::string& folder, const std::function<bool(std::string_view)>& wanted) {
  Paths out;
  for (const auto& [path, octets] : world.now)
    if (path.starts_with(folder + "/") && wanted(ByteView(path).substr(folder.size() + 1))) out.push_back(path);
  return out;
}

auto ends_in(std::string end) {
  return [end = std::move(end)](std::string_view name) { return name.ends_with(end); };
}
auto is(std::string word) {
  return [word = std::move(word)](std::string_view name) { return name == word; };
}

// A start on the damaged folder gives everything that there was.
bool is_all_there(const World& world, const Damage& damage) {
  const auto contents = contents_of(*disk_of(applied(world.now, damage), "data"), "data");
  return contents && *contents == world.contents;
}

std::string log_of(const Damage& damage) { return damage.changes.begin()->first.starts_with("data/logs/journal/") ? "journal" : "shop"; }

void judge_log(const World& world, const Damage& damage, Counts& counts) {
  const std::string log = log_of(damage);
  // Both logs: an exchange may reach across.
  const auto disk = disk_of(applied(world.now, damage), "data/logs");
  const auto complains = [&](bool with_kept) {
    return std::any_of(std::begin(kLogs), std::end(kLogs), [&](const std::string& name) {
      const auto report = ledger::verify(*disk, "data/logs/" + name, with_kept ? std::optional(world.vkeys.at(name)) : std::nullopt,
                                         with_kept ? world.kept.at(name) : ledger::Kept());
      return !report || !is_good(report->verdict);
    });
  };
  if (complains(false)) return counts.found(damage, "ledger verify");
  if (complains(true)) return counts.found(damage, "ledger verify with the key, a receipt or a witness from outside");
  const std::string path = damage.changes.begin()->first;
  const Bytes& good = world.now.at(path);
  if (!is_all_there(world, damage)) return counts.unnoticed(damage, "ledger verify, and something is gone");
  const bool last = path == paths_of(world, "data/logs/" + log, ends_in(".seg")).back();
  if (damage.changes.size() == 1 && last && damage.from >= end_of_frames(good))
    return counts.harmless(damage, "space taken ahead behind the last frame: never acknowledged, cut at the next start");
  if (damage.how == "rolled back" && path.ends_with("checkpoint"))
    return counts.harmless(damage, "an older checkpoint under the whole log: all entries are there, the next start signs them again");
  counts.unnoticed(damage, "ledger verify");
}

// The line of a witness stands in an export twice when it cosigned this very size: in `checkpoint` and in `cosigned`.
bool is_in_witness_line(const World& world, const Damage& damage) {
  const auto& [path, content] = *damage.changes.begin();
  if (!path.ends_with("/checkpoint") && !path.ends_with("/cosigned")) return false;
  const Bytes& good = world.now.at(path);
  const std::size_t line = good.rfind("\n\xe2\x80\x94 firebreak.test/witness");
  return line != Bytes::npos && (content ? damage.from >= line : path.ends_with("/cosigned"));
}

Bytes in_lower_case(Bytes text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c + ('a' - 'A'));
  return text;
}

// The file still says the same key: readers of one do not ask for the line feed that ends it.
bool is_without_line_feed(const World& world, const Damage& damage) {
  const auto& [path, content] = *damage.changes.begin();
  return damage.changes.size() == 1 && content && *content + "\n" == world.now.at(path);
}

void judge_start(const World& world, const Damage& damage, const std::string& reason, Counts& counts) {
  const auto contents = contents_of(*disk_of(applied(world.now, damage), "data"), "data");
  if (!contents) return counts.found(damage, "the start, or a reader");
  if (*contents != world.contents) return counts.unnoticed(damage, "start and reader, and something else is read");
  if (!reason.empty()) return counts.harmless(damage, reason);
  if (is_without_line_feed(world, damage)) return counts.harmless(damage, "the same key, without the line feed behind it");
  counts.unnoticed(damage, "start and reader");
}

}  // namespace

void judge_logs(const World& world, Form form) {
  const Density density = form == Form::kLong ? Density{1, 1} : Density{53, 29};
  const std::pair<const char*, std::function<bool(std::string_view)>> kinds[] = {
      {"segment", ends_in(".seg")}, {"checkpoint", is("checkpoint")}, {"key (vkey)", is("vkey")}, {"cosignature", is("cosigned")}};
  for (const auto& [kind, wanted] : kinds) {
    Counts counts(std::string("log: ") + kind, form);
    Paths all;
    const Visit visit = [&](const Damage& damage) { judge_log(world, damage, counts); };
    for (const std::string& log : kLogs) {
      const Paths paths = paths_of(world, "data/logs/" + log, wanted);
      all.insert(all.end(), paths.begin(), paths.end());
      for (const std::string& path : paths) {
        each_of_file(world, path, density, visit);
        if (!path.ends_with(".seg")) continue;
        each_of_frames(world, path, visit);
        const std::string next = "data/logs/" + log + "/" + ledger::segment_name(paths.size() + 1);
        visit({"doubled", {{next, world.now.at(path)}}, path + " once more as " + next, 0});
      }
    }
    each_exchange(world, all, visit);
  }
  Counts counts("log: the whole folder", form);
  for (const std::string& log : kLogs) judge_log(world, rolled_back(world, "data/logs/" + log), counts);
  judge_log(world, rolled_back(world, "data"), counts);
}

void judge_starts(const World& world, Form form) {
  struct Kind {
    const char* name;
    std::function<bool(std::string_view)> wanted;
    std::string reason;  // of what a start does not notice; none: it has to
  };
  const std::string derived = "derived: not believed, or made again from the log";
  const Kind kinds[] = {
      {"derived: segment index", ends_in(".idx"), derived},
      {"derived: packed hashes", [](std::string_view name) { return name.find("/tree/") != name.npos; }, derived},
      {"derived: state of a stream", ends_in("/stream.state"), derived},
      {"derived: snapshot of the journal", [](std::string_view name) { return name.starts_with("snapshots/"); }, derived},
      {"lock and reserve", [](std::string_view name) { return name.ends_with("/LOCK") || name.ends_with("/reserve"); },
       "what they hold means nothing"},
      {"keys", [](std::string_view name) { return name.starts_with("keys/"); }, {}}};
  for (const Kind& kind : kinds) {
    Counts counts(kind.name, form);
    const Paths paths = paths_of(world, "data", kind.wanted);
    std::size_t octets = 1;
    for (const std::string& path : paths) octets += world.now.at(path).size();
    // A start costs a hundred times a verification.
    const Density density = form == Form::kLong ? Density{1, 1} : Density{octets / 2 + 5, octets / 16 + 5};
    const Visit visit = [&](const Damage& damage) { judge_start(world, damage, kind.reason, counts); };
    for (const std::string& path : paths) each_of_file(world, path, density, visit);
    each_exchange(world, paths, visit);
  }
}

void judge_exports(const World& world, Form form) {
  const Density density = form == Form::kLong ? Density{1, 1} : Density{67, 31};
  for (const std::string& log : kLogs) {
    std::vector<Damage> damages;
    const Visit visit = [&](const Damage& damage) { damages.push_back(damage); };
    const std::string folder = "export/" + log;
    Paths tiles;
    for (const std::string& path : paths_of(world, folder, [](std::string_view) { return true; })) {
      each_of_file(world, path, density, visit);
      if (path.find("/tile/entries/") != path.npos) each_of_bundle(world, path, visit);
      else if (path.find("/tile/") != path.npos) each_of_tile(world, path, visit);
      if (path.find("/tile/") != path.npos) tiles.push_back(path);
    }
    each_exchange(world, tiles, visit);
    const std::string other = log == "shop" ? "journal" : "shop";
    for (const char* name : {"checkpoint", "vkey", "origin"})
      visit({"exchanged", {{folder + "/" + name, world.now.at("export/" + other + "/" + name)}}, std::string(name) + " of the other log", 0});
    visit(rolled_back(world, folder));

    JsonArray arguments;
    for (const std::string& witness : log == "journal" ? world.witness : Paths()) {
      arguments.emplace_back("--witness");
      arguments.emplace_back(witness);
    }
    for (const std::string& receipt : world.receipt_files)
      if (receipt.find("receipt-" + log) != receipt.npos) {
        arguments.emplace_back("--receipt");
        arguments.emplace_back(receipt);
      }
    std::vector<testing::Changes> variants{{}};
    for (const Damage& damage : damages) {
      testing::Changes& relative = variants.emplace_back();
      for (const auto& [path, content] : damage.changes) relative[path.substr(folder.size() + 1)] = content;
    }
    const auto said = testing::ask_tlog_verify(world.folder, world.folder / folder, variants, arguments);
    ASSERT_EQ(said.size(), variants.size());
    ASSERT_TRUE(said[0].starts_with("0 ")) << said[0];
    Counts counts("export of " + log, form);
    for (std::size_t i = 0; i < damages.size(); ++i) {
      const auto report = ledger::verify_export(*disk_of(applied(world.now, damages[i]), folder), folder, {}, world.kept.at(log));
      const bool ours = !report || !is_good(report->verdict), theirs = said[i + 1].starts_with("1 ");
      const bool twice = is_in_witness_line(world, damages[i]);
      if (ours && theirs) counts.found(damages[i], "verify of the export, and tlog_verify.py");
      else if (twice && (ours || theirs)) counts.found(damages[i], "one of the two: a witness' line, of which there are two copies");
      else if (ours && is_without_line_feed(world, damages[i])) counts.found(damages[i], "verify of the export alone: the same key, without the line feed behind it");
      else if (twice) counts.harmless(damages[i], "a witness' line, of which there are two copies: the other one vouches");
      else counts.unnoticed(damages[i], ours ? "tlog_verify.py: " + said[i + 1] : theirs ? "our verifier" : "both verifiers");
    }
  }
}

void judge_archive(const World& world, Form form) {
  const Density density = form == Form::kLong ? Density{1, 1} : Density{211, 101};
  const std::string folder = "data/archive/shop";
  const auto start = disk_of(world.now, "data/archive");
  const auto manifests = archive::load_manifests(*start, folder).value();
  const Json statement = parse_json(world.now.at("statement.json")).value();
  archive::Engine engine;
  engine.program = FIREBREAK_BINARY;
  const archive::Pinned pinned{world.vkeys.at("shop").substr(0, world.vkeys.at("shop").size() - 1),
                               world.vkeys.at("journal").substr(0, world.vkeys.at("journal").size() - 1)};
  const auto sound = archive::verify_impact(*start, folder, statement, pinned, engine);
  ASSERT_TRUE(sound) << sound.error().message;
  // Only what the statement names: older generations wait to be removed.
  Paths named{folder + "/" + manifests.back().file_name(), folder + "/" + manifests.back().cube.name};
  for (const archive::ArchivedTable& table : manifests.back().tables) named.push_back(folder + "/" + table.file.name);
  const std::pair<const char*, std::string> kinds[] = {{"archive: Parquet", ".parquet"}, {"archive: count cube", ".cube"}, {"archive: manifest", ".json"}};
  for (const auto& [kind, end] : kinds) {
    Counts counts(kind, form);
    std::uint64_t flips = 0;
    Paths paths;
    std::copy_if(named.begin(), named.end(), std::back_inserter(paths), ends_in(end));
    const Visit visit = [&, manifest = end == ".json"](const Damage& damage) {
      const auto disk = disk_of(applied(world.now, damage), "data/archive");
      const bool files = !archive::check_files(*disk, folder, manifests.back());
      // The same digests are the first thing that the verifier of a statement looks at: one bit of each octet is enough for it.
      if (files && damage.how == "bit flipped" && ++flips % 8 != 0) return counts.found(damage, "check_files (a statement is verified at every eighth bit)");
      const bool whole = !archive::verify_impact(*disk, folder, statement, pinned, engine);
      if (files && whole) counts.found(damage, "check_files, and evidence verify of a statement");
      else if (manifest && whole) counts.found(damage, "evidence verify of a statement");
      else counts.unnoticed(damage, whole ? "check_files" : "evidence verify of a statement");
    };
    for (const std::string& path : paths) {
      each_of_file(world, path, density, visit);
      // The generation before, under the newer one's name.
      std::string old = path;
      old.replace(old.rfind("-g2."), 4, "-g1.");
      if (world.earlier.contains(old)) visit({"rolled back", {{path, world.earlier.at(old)}}, path + ": the generation before", 0});
    }
    each_exchange(world, paths, visit);
  }
  Counts counts("archive: a completeness statement", form);
  each_of_file(world, "statement.json", density, [&](const Damage& damage) {
    if (!damage.changes.begin()->second) return;  // no statement says nothing
    const auto changed = parse_json(*damage.changes.begin()->second);
    const Bytes& good = world.now.at("statement.json");
    if (changed && in_lower_case(*damage.changes.begin()->second) == in_lower_case(good) && archive::verify_impact(*start, folder, *changed, pinned, engine))
      return counts.harmless(damage, "a hex digit as a capital: the same hash");
    if (damage.from > good.find("\"vkeys\"") && changed && archive::verify_impact(*start, folder, *changed, pinned, engine))
      return counts.harmless(damage, "the keys that a statement brings along, when better known ones are given");
    if (!changed || !archive::verify_impact(*start, folder, *changed, pinned, engine)) return counts.found(damage, "evidence verify of a statement");
    counts.unnoticed(damage, "evidence verify of a statement: " + damage.changes.begin()->second->substr(damage.from > 40 ? damage.from - 40 : 0, 80));
  });
}

void judge_blobs(const World& world, Form form) {
  const Density density = form == Form::kLong ? Density{1, 1} : Density{5, 3};
  Counts counts("evidence blob", form);
  const Visit visit = [&](const Damage& damage) {
    const auto disk = disk_of(applied(world.now, damage), "data/blobs");
    const auto store = evidence::BlobStore::open(*disk, "data/blobs").value();
    const auto faults = store.verify();
    if (!faults || !faults->empty()) return counts.found(damage, "BlobStore::verify");
    for (const Digest& digest : world.blobs)
      if (!store.get(digest)) return counts.found(damage, "whoever asks for it by its digest");
    counts.unnoticed(damage, "BlobStore");
  };
  const Paths paths = paths_of(world, "data/blobs", [](std::string_view) { return true; });
  for (const std::string& path : paths) {
    each_of_file(world, path, density, visit);
    std::string other = path;
    other.back() = other.back() == '0' ? '1' : '0';
    visit({"doubled", {{other, world.now.at(path)}}, path + " under another name", 0});
  }
  each_exchange(world, paths, visit);
}

}  // namespace firebreak::damage
