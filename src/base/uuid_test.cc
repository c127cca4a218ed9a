#include "base/uuid.h"

#include <gtest/gtest.h>

namespace firebreak {
namespace {

// RFC 9562 appendix A.4.
TEST(Uuid, version_5_is_that_of_the_standard) { EXPECT_EQ(uuid5("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "www.example.com"), "2ed6657d-e927-568b-95e1-2665a8aea6a2"); }

}  // namespace
}  // namespace firebreak
