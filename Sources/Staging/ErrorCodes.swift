internal import Glibc

/// The file is not what it was: ESTALE.
let staleCode = ESTALE
/// What is there is no regular file: EINVAL.
let notAFileCode = EINVAL
/// The other side does not want the file any more: ECANCELED.
let unwantedCode = ECANCELED
/// The content is not what was sent: EBADMSG.
let garbledCode = EBADMSG
