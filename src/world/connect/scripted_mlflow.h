// The simulated sibling of an MLflow registry, in memory: models, versions with their files, aliases, tags, and its ways of saying
// no (which of them are 400, 404 or pages is as MLflow 3.17.2 has it). It can lose requests or answers, answer with a page, and let
// somebody else move an alias. For tests; thread-safe.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "world/net/message.h"

namespace firebreak::connect {

class ScriptedMlflow {
 public:
  enum class Next { kAnswer, kLoseRequest, kLoseAnswer, kPage, kMoveAlias };  // kMoveAlias: to version 1, right behind the write

  void have_version(const std::string& model, const std::string& version, std::map<std::string, std::string> files, std::string status = "READY");
  void script_writes(std::vector<Next> next);  // one per coming POST or DELETE; afterwards kAnswer
  void want_password(std::string user, std::string password);
  std::string alias(const std::string& model, const std::string& name) const;  // empty: none
  int writes() const;

  net::Response answer(const net::Request& request);

 private:
  struct Version {
    std::map<std::string, std::string> files, tags;
    std::string status;
  };
  struct Model {
    std::map<std::string, Version> versions;
    std::map<std::string, std::string> aliases;
  };
  net::Response read(const net::Request& request);
  net::Response write(const net::Request& request);
  net::Response version_answer(const std::string& model, const std::string& version) const;
  net::Response files_answer(const std::string& path) const;

  mutable std::mutex mutex_;
  std::map<std::string, Model> models_;
  std::vector<Next> next_;
  std::size_t at_ = 0;
  std::string credentials_;
  int writes_ = 0;
};

}  // namespace firebreak::connect
