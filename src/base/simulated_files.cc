#include "base/simulated_files.h"

#include <algorithm>
#include <limits>

namespace firebreak {
namespace {

constexpr std::size_t kSector = 512, kBlock = 4096;

struct Write {
  std::uint64_t offset = 0;
  Bytes data;
  bool truncates = false;  // then offset is the new size
};

void apply_write(Bytes& content, const Write& write) {
  if (write.truncates) {
    content.resize(write.offset, '\0');
    return;
  }
  if (content.size() < write.offset + write.data.size())
    content.resize(write.offset + write.data.size(), '\0');
  content.replace(write.offset, write.data.size(), write.data);
}

}  // namespace

struct SimulatedFiles::Node {
  Bytes content;               // what readers see
  Bytes durable;               // what a crash leaves, before it tears
  std::vector<Write> pending;  // made since the last sync
  bool locked = false;
};

struct SimulatedFiles::Disk {
  explicit Disk(std::uint64_t seed) : random(seed) {}

  std::mutex mutex;
  SeededRandom random;
  std::map<Path, std::shared_ptr<Node>> names, durable_names;
  std::set<Path> dirs;  // folders appear durably: losing one teaches nothing that losing its names does not
  std::uint64_t generation = 0, calls = 0, capacity = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t fail_at = 0, writes = 0, lie_at = 0;
  Lie lie = Lie::kLost;
  bool fail_persistent = false, fail_syncs = false;

  // Counts a call; the error when it is the one to fail.
  Result<void> enter(const char* what, const Path& path) {
    ++calls;
    if (fail_at != 0 && (calls == fail_at || (fail_persistent && calls > fail_at)))
      return fail(Code::kIo,
                  std::string(what) + " " + path + ": simulated failure of call " + std::to_string(calls));
    return {};
  }
  std::uint64_t used() const {
    std::uint64_t sum = 0;
    for (const auto& [path, node] : names) sum += node->content.size();
    return sum;
  }
  std::uint64_t below(std::uint64_t bound) { return random.next() % bound; }
  std::uint64_t sector_below(std::uint64_t size) { return below(size / kSector + 1) * kSector; }
  void land_in_part(Node& node);
  void tear(Node& node);
  std::vector<Write> truth_of(Node& node, const Write& claimed);
};

// Some unsynced writes made it, in order; the next one made it in part.
void SimulatedFiles::Disk::land_in_part(Node& node) {
  const std::size_t whole = below(node.pending.size() + 1);
  for (std::size_t i = 0; i < whole; ++i) apply_write(node.durable, node.pending[i]);
  if (whole < node.pending.size() && !node.pending[whole].truncates) {
    Write torn = node.pending[whole];
    if (below(2) == 0) {
      torn.data.resize(below(torn.data.size() + 1));
      apply_write(node.durable, torn);
    } else {
      for (std::size_t at = 0; at < torn.data.size(); at += kSector) {
        if (below(2) == 0)
          apply_write(node.durable, {torn.offset + at, torn.data.substr(at, kSector), false});
      }
    }
  }
  node.pending.clear();
}

void SimulatedFiles::Disk::tear(Node& node) {
  land_in_part(node);
  node.content = node.durable;
  node.locked = false;
}

// What reaches `node` of a write about which the disk lies; what it does elsewhere is done at once.
std::vector<Write> SimulatedFiles::Disk::truth_of(Node& node, const Write& claimed) {
  std::vector<Write> truth;
  // The file system may have noted the new size all the same: the octets read as zeros then.
  const std::uint64_t end = claimed.offset + claimed.data.size();
  if (end > node.durable.size() && end >= node.content.size() && below(2) == 0) truth.push_back({end, {}, true});
  if (lie == Lie::kMisplaced) truth.push_back({sector_below(node.content.size()), claimed.data, false});
  if (lie == Lie::kMisfiled) {
    std::vector<Node*> others;
    for (const auto& [path, other] : names)
      if (other.get() != &node && !other->content.empty()) others.push_back(other.get());
    if (!others.empty()) {
      Node& hit = *others[below(others.size())];
      const Write stray{sector_below(hit.content.size()), claimed.data, false};
      apply_write(hit.content, stray);
      apply_write(hit.durable, stray);
    }
  }
  return truth;
}

class SimulatedFiles::Handle : public File {
 public:
  Handle(std::shared_ptr<Disk> disk, std::shared_ptr<Node> node, Path path, OpenMode mode)
      : disk_(std::move(disk)),
        node_(std::move(node)),
        path_(std::move(path)),
        writable_(mode != OpenMode::kRead),
        whole_blocks_(mode == OpenMode::kAppendDirect),
        generation_(disk_->generation) {}

  Result<void> write_at(std::uint64_t offset, ByteView data) override {
    const std::lock_guard lock(disk_->mutex);
    FIREBREAK_TRY(enter("write"));
    ++disk_->writes;
    if (!writable_) return fail(Code::kIo, "write " + path_ + ": opened for reading");
    if (!whole_blocks_) return write(offset, data);
    // Past the page cache: the octets before go to the disk again, and zeros behind.
    const std::uint64_t begin = offset / kBlock * kBlock;
    Bytes blocks = begin < node_->content.size() ? node_->content.substr(begin, offset - begin) : Bytes();
    blocks.resize(offset - begin, '\0');
    blocks += data;
    blocks.resize((blocks.size() + kBlock - 1) / kBlock * kBlock, '\0');
    return write(begin, blocks);
  }

  Result<Bytes> read_at(std::uint64_t offset, std::size_t length) const override {
    const std::lock_guard lock(disk_->mutex);
    FIREBREAK_TRY(enter("read"));
    if (offset >= node_->content.size()) return Bytes();
    return node_->content.substr(offset, length);
  }

  Result<void> sync() override {
    const std::lock_guard lock(disk_->mutex);
    const Result<void> entered = enter("sync");
    if (!entered || disk_->fail_syncs) {
      // The kernel marks all pages clean, the unwritten ones too: readable, and the next sync says all is
      // well.
      disk_->land_in_part(*node_);
      if (!entered) return entered;
      return fail(Code::kIo, "sync " + path_ + ": simulated failure");
    }
    for (const Write& write : node_->pending) apply_write(node_->durable, write);
    node_->pending.clear();
    return {};
  }

  Result<std::uint64_t> size() const override {
    const std::lock_guard lock(disk_->mutex);
    FIREBREAK_TRY(enter("stat"));
    return node_->content.size();
  }

  Result<void> truncate(std::uint64_t size) override {
    const std::lock_guard lock(disk_->mutex);
    FIREBREAK_TRY(enter("truncate"));
    put({size, {}, true});
    return {};
  }

  Result<void> allocate(std::uint64_t size) override {
    const std::lock_guard lock(disk_->mutex);
    FIREBREAK_TRY(enter("allocate"));
    if (size <= node_->content.size()) return {};
    if (disk_->used() + size - node_->content.size() > disk_->capacity)
      return fail(Code::kIo, "allocate " + path_ + ": the disk is full");
    put({size, {}, true});
    return {};
  }

 private:
  Result<void> write(std::uint64_t offset, ByteView data) {
    const std::uint64_t end = offset + data.size(), size = node_->content.size();
    const std::uint64_t growth = end > size ? end - size : 0;
    const std::uint64_t used = disk_->used(), room = disk_->capacity > used ? disk_->capacity - used : 0;
    if (growth > room) {
      put({offset, Bytes(data.substr(0, data.size() - std::min<std::uint64_t>(growth - room, data.size()))),
           false});
      return fail(Code::kIo, "write " + path_ + ": the disk is full");
    }
    if (disk_->writes == disk_->lie_at) {
      pretend({offset, Bytes(data), false});
    } else {
      put({offset, Bytes(data), false});
    }
    return {};
  }
  void pretend(const Write& claimed) {
    const std::vector<Write> truth = disk_->truth_of(*node_, claimed);
    const auto pending = node_->pending.insert(node_->pending.end(), truth.begin(), truth.end());
    if (!whole_blocks_) return apply_write(node_->content, claimed);
    std::for_each(pending, node_->pending.end(), [&](const Write& write) { apply_write(node_->content, write); });
  }
  Result<void> enter(const char* what) const {
    FIREBREAK_TRY(disk_->enter(what, path_));
    if (generation_ != disk_->generation)
      return fail(Code::kIo, std::string(what) + " " + path_ + ": crashed");
    return {};
  }
  void put(Write write) {
    apply_write(node_->content, write);
    node_->pending.push_back(std::move(write));
  }

  std::shared_ptr<Disk> disk_;
  std::shared_ptr<Node> node_;
  Path path_;
  bool writable_, whole_blocks_;
  std::uint64_t generation_;
};

class SimulatedFiles::Lock : public FileLock {
 public:
  Lock(std::shared_ptr<Disk> disk, std::shared_ptr<Node> node)
      : disk_(std::move(disk)), node_(std::move(node)), generation_(disk_->generation) {}
  ~Lock() override {
    const std::lock_guard lock(disk_->mutex);
    if (generation_ == disk_->generation) node_->locked = false;
  }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  std::shared_ptr<Disk> disk_;
  std::shared_ptr<Node> node_;
  std::uint64_t generation_;
};

SimulatedFiles::SimulatedFiles(std::uint64_t seed) : disk_(std::make_shared<Disk>(seed)) {}
SimulatedFiles::~SimulatedFiles() = default;

Result<std::unique_ptr<File>> SimulatedFiles::open(const Path& path, OpenMode mode) {
  const std::lock_guard lock(disk_->mutex);
  FIREBREAK_TRY(disk_->enter("open", path));
  const bool writable = mode != OpenMode::kRead;
  auto found = disk_->names.find(path);
  if (found == disk_->names.end()) {
    const Path parent = parent_of(path);
    if (!writable || (parent != "." && parent != "/" && !disk_->dirs.contains(parent)))
      return fail(Code::kNotFound, "open " + path + ": No such file or directory");
    found = disk_->names.emplace(path, std::make_shared<Node>()).first;
  }
  return std::make_unique<Handle>(disk_, found->second, path, mode);
}

Result<void> SimulatedFiles::rename(const Path& from, const Path& to) {
  const std::lock_guard lock(disk_->mutex);
  FIREBREAK_TRY(disk_->enter("rename", from));
  const auto found = disk_->names.find(from);
  if (found == disk_->names.end())
    return fail(Code::kNotFound, "rename " + from + ": No such file or directory");
  disk_->names[to] = found->second;
  disk_->names.erase(found);
  return {};
}

Result<void> SimulatedFiles::remove(const Path& path) {
  const std::lock_guard lock(disk_->mutex);
  FIREBREAK_TRY(disk_->enter("remove", path));
  if (disk_->names.erase(path) == 0 && disk_->dirs.erase(path) == 0)
    return fail(Code::kNotFound, "remove " + path + ": No such file or directory");
  return {};
}

Result<std::vector<std::string>> SimulatedFiles::list(const Path& dir) {
  const std::lock_guard lock(disk_->mutex);
  FIREBREAK_TRY(disk_->enter("list", dir));
  if (!disk_->dirs.contains(dir)) return fail(Code::kNotFound, "list " + dir + ": No such file or directory");
  std::vector<std::string> found;
  for (const auto& [path, node] : disk_->names) {
    if (parent_of(path) == dir) found.push_back(path.substr(dir.size() + 1));
  }
  for (const Path& path : disk_->dirs) {
    if (path != dir && parent_of(path) == dir) found.push_back(path.substr(dir.size() + 1) + "/");
  }
  std::sort(found.begin(), found.end());
  return found;
}

Result<void> SimulatedFiles::make_dir(const Path& dir) {
  const std::lock_guard lock(disk_->mutex);
  FIREBREAK_TRY(disk_->enter("make folder", dir));
  for (Path path = dir; path != "." && path != "/"; path = parent_of(path)) disk_->dirs.insert(path);
  return {};
}

Result<void> SimulatedFiles::sync_dir(const Path& dir) {
  const std::lock_guard lock(disk_->mutex);
  FIREBREAK_TRY(disk_->enter("sync folder", dir));
  if (disk_->fail_syncs) return fail(Code::kIo, "sync folder " + dir + ": simulated failure");
  std::erase_if(disk_->durable_names, [&](const auto& item) { return parent_of(item.first) == dir; });
  for (const auto& [path, node] : disk_->names) {
    if (parent_of(path) == dir) disk_->durable_names[path] = node;
  }
  return {};
}

Result<std::unique_ptr<FileLock>> SimulatedFiles::lock(const Path& path) {
  const std::lock_guard guard(disk_->mutex);
  FIREBREAK_TRY(disk_->enter("lock", path));
  auto& node = disk_->names[path];
  if (!node) node = std::make_shared<Node>();
  if (node->locked) return fail(Code::kBusy, path + " is locked: another process uses this folder");
  node->locked = true;
  return std::make_unique<Lock>(disk_, node);
}

void SimulatedFiles::crash() {
  const std::lock_guard lock(disk_->mutex);
  ++disk_->generation;
  disk_->fail_at = 0;
  // Name by name: some unsynced renames and removals happened, some did not.
  std::map<Path, std::shared_ptr<Node>> names = disk_->durable_names;
  for (const auto& [path, node] : disk_->names) {
    const auto durable = disk_->durable_names.find(path);
    if (durable != disk_->durable_names.end() && durable->second != node && disk_->below(2) == 0)
      names[path] = node;
    if (durable == disk_->durable_names.end() && disk_->below(2) == 0) names[path] = node;
  }
  disk_->names = disk_->durable_names = std::move(names);
  std::set<Node*> torn;
  for (const auto& [path, node] : disk_->names) {
    if (torn.insert(node.get()).second) disk_->tear(*node);
  }
}

void SimulatedFiles::fail_call(std::uint64_t k, bool persistent) {
  const std::lock_guard lock(disk_->mutex);
  disk_->fail_at = k == 0 ? 0 : disk_->calls + k;
  disk_->fail_persistent = persistent;
}

void SimulatedFiles::fail_syncs(bool on) {
  const std::lock_guard lock(disk_->mutex);
  disk_->fail_syncs = on;
}

void SimulatedFiles::set_capacity(std::uint64_t octets) {
  const std::lock_guard lock(disk_->mutex);
  disk_->capacity = octets;
}

void SimulatedFiles::lie_at_write(std::uint64_t k, Lie lie) {
  const std::lock_guard lock(disk_->mutex);
  disk_->lie_at = k == 0 ? 0 : disk_->writes + k;
  disk_->lie = lie;
}

bool SimulatedFiles::lied() const {
  const std::lock_guard lock(disk_->mutex);
  return disk_->lie_at != 0 && disk_->writes >= disk_->lie_at;
}

std::uint64_t SimulatedFiles::writes() const {
  const std::lock_guard lock(disk_->mutex);
  return disk_->writes;
}

std::vector<Path> SimulatedFiles::paths() const {
  const std::lock_guard lock(disk_->mutex);
  std::vector<Path> found;
  for (const auto& [path, node] : disk_->names) found.push_back(path);
  return found;
}

std::uint64_t SimulatedFiles::used() const {
  const std::lock_guard lock(disk_->mutex);
  return disk_->used();
}

std::uint64_t SimulatedFiles::calls() const {
  const std::lock_guard lock(disk_->mutex);
  return disk_->calls;
}

void SimulatedFiles::flip_bit(const Path& path, std::uint64_t offset, unsigned bit) {
  const std::lock_guard lock(disk_->mutex);
  const auto found = disk_->names.find(path);
  FIREBREAK_ASSERT(found != disk_->names.end() && offset < found->second->content.size() && bit < 8);
  for (Bytes* content : {&found->second->content, &found->second->durable}) {
    if (offset < content->size()) (*content)[offset] = static_cast<char>((*content)[offset] ^ (1 << bit));
  }
}

}  // namespace firebreak
