// The running parts that the jobs of the application share by reference. Owned by App; nothing here has logic.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/files.h"
#include "base/log.h"
#include "base/metrics.h"
#include "log/journal/journal.h"
#include "log/record/streams.h"
#include "read/evidence/blob_store.h"
#include "read/evidence/texts.h"
#include "run/app/stream_feed.h"
#include "world/connect/connector.h"

namespace firebreak::app {

// The feeds by endpoint. Threads: any.
class Feeds {
 public:
  void add(const std::string& endpoint, std::unique_ptr<StreamFeed> feed);
  StreamFeed* find(const std::string& endpoint) const;  // nullptr; valid until clear()
  std::vector<StreamFeed*> all() const;
  void clear();

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<StreamFeed>> feeds_;
};

struct Context {
  Files& files;
  Clock& clock;
  Logger& logger;
  Registry& metrics;
  journal::Journal& journal;
  record::Streams& streams;
  evidence::BlobStore& blobs;
  evidence::Texts& texts;
  Feeds& feeds;
  const std::map<std::string, std::unique_ptr<connect::Connector>>& connectors;
  const Json& rules;  // content/rules, by section

  connect::Connector* connector(const std::string& name) const {
    const auto found = connectors.find(name);
    return found == connectors.end() ? nullptr : found->second.get();
  }
};

}  // namespace firebreak::app
