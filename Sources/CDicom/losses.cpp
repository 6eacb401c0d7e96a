// DCMTK's decoders go on over damage and say so in the log only. Of a message nothing but its kind is kept: others name what
// stands in the file's tags.
#include "losses.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/oflog/appender.h>
#include <dcmtk/oflog/logger.h>
#include <dcmtk/oflog/oflog.h>
#include <dcmtk/oflog/spi/logevent.h>

namespace {
const char *loss = NULL;

class Watch : public dcmtk::log4cplus::Appender {
public:
    ~Watch() { destructorImpl(); }
    void close() {}

protected:
    void append(const dcmtk::log4cplus::spi::InternalLoggingEvent &event) {
        const struct {
            const char *part;
            const char *meaning;
        } known[] = {
            {"Premature end of JPEG file", "premature end of its JPEG data"},
            {"Premature end of input file", "premature end of its JPEG data"},
            {"Corrupt JPEG data", "corrupt JPEG data"},
            {"Unsupported marker type", "corrupt JPEG data"},
            {"Inconsistent progression sequence", "corrupt JPEG data"},
            {"can't access partial pixel data", "its pixels cannot be decoded"},
            {"can't decompress frame", "its pixels cannot be decoded"},
            {"less pixel data", "it has fewer pixels than it says"},
        };
        for (const auto &one : known) {
            if (!loss && event.getMessage().find(one.part) != OFString_npos) loss = one.meaning;
        }
    }
};
}  // namespace

void quire_dicom_watch_losses() {
    OFLog::configure(OFLogger::WARN_LOG_LEVEL);
    dcmtk::log4cplus::Logger root = dcmtk::log4cplus::Logger::getRoot();
    root.removeAllAppenders();
    root.addAppender(dcmtk::log4cplus::SharedAppenderPtr(new Watch));
}

void quire_dicom_forget_losses() { loss = NULL; }

const char *quire_dicom_loss() { return loss; }
