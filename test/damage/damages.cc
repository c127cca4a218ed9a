#include "damage/damages.h"

#include <algorithm>
#include <set>

#include "log/ledger/segment.h"

namespace firebreak::damage {
namespace {

std::size_t first_difference(const Bytes& a, const Bytes& b) {
  const std::size_t common = std::min(a.size(), b.size());
  return static_cast<std::size_t>(std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(common), b.begin()).first - a.begin());
}

// Nothing happens when the file would be what it is.
void change(const World& world, const std::string& path, std::string how, Bytes content, std::string what, const Visit& visit) {
  const Bytes& good = world.now.at(path);
  if (content == good) return;
  const std::size_t from = first_difference(good, content);
  visit({std::move(how), {{path, std::move(content)}}, path + ", " + std::move(what), from});
}

// The pieces of `head` + pieces + `tail`: neighbours exchanged, each one repeated.
void each_of_pieces(const World& world, const std::string& path, const Bytes& head, const std::vector<Bytes>& pieces, const Bytes& tail,
                    const Visit& visit) {
  const auto joined = [&](const std::vector<Bytes>& all) {
    Bytes out = head;
    for (const Bytes& piece : all) out += piece;
    return out + tail;
  };
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    std::vector<Bytes> exchanged = pieces, repeated = pieces;
    repeated.push_back(pieces[i]);
    change(world, path, "doubled", joined(repeated), "piece " + std::to_string(i) + " again at the end", visit);
    if (i + 1 == pieces.size()) break;
    std::swap(exchanged[i], exchanged[i + 1]);
    change(world, path, "exchanged", joined(exchanged), "pieces " + std::to_string(i) + " and the next", visit);
  }
}

}  // namespace

void each_of_file(const World& world, const std::string& path, Density density, const Visit& visit) {
  const Bytes& good = world.now.at(path);
  for (std::size_t bit = density.bits / 2; bit < good.size() * 8; bit += density.bits) {
    Bytes bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    change(world, path, "bit flipped", std::move(bad), "bit " + std::to_string(bit), visit);
  }
  for (std::size_t length = 0; length < good.size(); length += density.lengths)
    change(world, path, "cut", good.substr(0, length), "cut to " + std::to_string(length), visit);
  change(world, path, "lengthened", good + "x", "one octet more", visit);
  change(world, path, "doubled", good + good, "twice", visit);
  visit({"removed", {{path, std::nullopt}}, path + ", removed", 0});
  if (const auto before = world.earlier.find(path); before != world.earlier.end())
    change(world, path, "rolled back", before->second, "as it was earlier", visit);
}

void each_exchange(const World& world, const std::vector<std::string>& paths, const Visit& visit) {
  for (std::size_t i = 0; i < paths.size(); ++i)
    for (std::size_t j = i + 1; j < paths.size(); ++j) {
      const Bytes &one = world.now.at(paths[i]), &other = world.now.at(paths[j]);
      if (one != other) visit({"exchanged", {{paths[i], other}, {paths[j], one}}, paths[i] + " and " + paths[j], 0});
    }
}

void each_of_frames(const World& world, const std::string& path, const Visit& visit) {
  const Bytes& good = world.now.at(path);
  std::vector<Bytes> frames;
  std::size_t at = ledger::kSegmentHeaderBytes;
  while (at < good.size()) {
    const auto header = ledger::parse_frame_header(ByteView(good).substr(at));
    if (!header) break;  // space taken ahead
    frames.push_back(good.substr(at, header->frame_octets()));
    at += header->frame_octets();
  }
  each_of_pieces(world, path, good.substr(0, ledger::kSegmentHeaderBytes), frames, good.substr(at), visit);
}

void each_of_bundle(const World& world, const std::string& path, const Visit& visit) {
  const Bytes& good = world.now.at(path);
  std::vector<Bytes> entries;
  for (std::size_t at = 0; at < good.size();) {
    const std::size_t length = 2 + static_cast<unsigned char>(good[at]) * 256U + static_cast<unsigned char>(good[at + 1]);
    entries.push_back(good.substr(at, length));
    at += length;
  }
  each_of_pieces(world, path, {}, entries, {}, visit);
}

void each_of_tile(const World& world, const std::string& path, const Visit& visit) {
  const Bytes& good = world.now.at(path);
  std::vector<Bytes> hashes;
  for (std::size_t at = 0; at < good.size(); at += 32) hashes.push_back(good.substr(at, 32));
  each_of_pieces(world, path, {}, hashes, {}, visit);
}

Damage rolled_back(const World& world, const std::string& folder) {
  Damage damage{"rolled back", {}, folder + " as it was earlier", 0};
  for (const auto& [path, octets] : world.now) {
    if (!path.starts_with(folder + "/")) continue;
    const auto before = world.earlier.find(path);
    if (before == world.earlier.end()) {
      damage.changes[path] = std::nullopt;
    } else if (before->second != octets) {
      damage.changes[path] = before->second;
    }
  }
  return damage;
}

Tree applied(const Tree& tree, const Damage& damage) {
  Tree out = tree;
  for (const auto& [path, content] : damage.changes) {
    if (content) out[path] = *content;
    else out.erase(path);
  }
  return out;
}

void Counts::found(const Damage& damage, const std::string& by) {
  ++ways_[damage.how];
  ++found_[by];
}

void Counts::harmless(const Damage& damage, const std::string& reason) {
  ++ways_[damage.how];
  ++harmless_[reason];
}

void Counts::unnoticed(const Damage& damage, const std::string& by_whom) {
  ++ways_[damage.how];
  ++unnoticed_;
  if (unnoticed_ < 20) ADD_FAILURE() << damage.how << ": " << damage.what << ": unnoticed by " << by_whom;
}

Counts::~Counts() {
  const auto object = [](const std::map<std::string, std::uint64_t>& counts) {
    JsonObject out;
    for (const auto& [name, count] : counts) out[name] = count;
    return out;
  };
  EXPECT_FALSE(ways_.empty()) << kind_ << ": nothing was damaged";
  testing::publish("damage", form_, kind_, {{"damages", object(ways_)}, {"found", object(found_)}, {"harmless", object(harmless_)}, {"unnoticed", unnoticed_}});
}

}  // namespace firebreak::damage
