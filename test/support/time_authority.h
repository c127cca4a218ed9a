// A time-stamping authority of a test's own: `openssl ts -reply` behind HTTP, with a CA made for it. Real stamps by a real
// implementation of RFC 3161; nothing leaves the machine.
#pragma once

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "support/process.h"

namespace firebreak::testing {

class TimeAuthority {
 public:
  TimeAuthority() {
    std::ofstream(folder_ / "extensions") << "extendedKeyUsage=critical,timeStamping\n";
    std::ofstream(folder_ / "tsa.cnf") << "[tsa]\ndefault_tsa=t\n[t]\nserial=" << folder_ / "serial" << "\nsigner_cert=" << folder_ / "tsa.pem"
                                       << "\ncerts=" << folder_ / "ca.pem" << "\nsigner_key=" << folder_ / "tsa.key"
                                       << "\nsigner_digest=sha256\ndefault_policy=1.2.3.4.1\ndigests=sha256\naccuracy=secs:1\ness_cert_id_alg=sha256\n";
    std::ofstream(folder_ / "serial") << "01\n";
    const std::string key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    made_ = openssl("req -x509 " + key + " -keyout ca.key -out ca.pem -subj '/CN=CA of a test' -days 3650") &&
            openssl("req " + key + " -keyout tsa.key -out tsa.csr -subj '/CN=clock of a test'") &&
            openssl("x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 3650 -extfile extensions -out tsa.pem");
    server_ = std::move(*net::HttpServer::start({}, [this](net::Request request, net::Responder responder) { responder(stamp(request)); }));
  }

  bool made() const { return made_; }  // false: there is no openssl here
  std::string url() const { return server_->url() + "/stamp"; }
  std::string ca_file() const { return folder_ / "ca.pem"; }
  void set_away(bool away) { away_ = away; }
  void spoil(bool spoiled) { spoiled_ = spoiled; }  // answers are for another query
  bool openssl(const std::string& words) const {
    return std::system(("cd '" + folder_.path() + "' && openssl " + words + " >>log 2>&1").c_str()) == 0;
  }

 private:
  net::Response stamp(const net::Request& request) {
    net::Response response;
    if (away_) response.status = 503;
    if (away_) return response;
    if (!spoiled_) std::ofstream(folder_ / "query", std::ios::binary) << request.body;
    if (!openssl("ts -reply -config tsa.cnf -queryfile query -out reply")) response.status = 500;
    std::ifstream reply(folder_ / "reply", std::ios::binary);
    response.body.assign(std::istreambuf_iterator<char>(reply), {});
    response.content_type = "application/timestamp-reply";
    return response;
  }

  Folder folder_;
  bool made_ = false;
  std::atomic<bool> away_{false}, spoiled_{false};
  std::unique_ptr<net::HttpServer> server_;
};

}  // namespace firebreak::testing
