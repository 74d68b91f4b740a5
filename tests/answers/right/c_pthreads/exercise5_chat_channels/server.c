/* Exercise 5 in C: a chat server with channels and a history. PROTOCOL.md says what it
 * understands and what it promises.
 *
 * Run ./server [HOST] [PORT] [--history FILE] [--channels NAME ...] [--max-clients N].
 *
 * One thread per client reads and does what the client asks for. One lock guards all
 * that they share; whoever holds it waits for nobody. What a client does not take at
 * once waits in its outbox, and the main thread sends it on.
 *
 * C has no NFKC: of the forms of one letter only the full-width ones of ASCII and the
 * Latin ligatures are the same here. A decomposed letter is a name's letter, but another
 * one than the composed.
 */

#define _XOPEN_SOURCE 700

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

enum {
    MAX_LINE = 1024,           /* bytes, with the newline */
    MAX_NAME = 20,             /* characters */
    NAME_SPACE = 4 * 20 + 1,   /* bytes of UTF-8, and the end */
    MAX_OUTPUT = 2 * MAX_LINE, /* bytes: a text behind time, channel and nick */
    MAX_OUTBOX = 1024 * 1024,  /* bytes that may wait for one client */
    OUTBOX_STEP = 64 * 1024,   /* bytes by which an outbox grows */
    BEHIND = 256 * 1024,       /* bytes that wait for one whom a flood waits for */
    FLOOD = 8 * 1024,          /* bytes said within a second */
    PATIENCE = 1000,           /* ms that a flood waits for one who takes nothing */
    GOODBYE = 1000,            /* ms for a client to take what waits, and to close */
    MAX_CHANNELS = 100,
    BACKLOG = 1024,  /* clients that wait to be accepted */
    OWN_FILES = 24,  /* descriptors that are not clients' */
    MAX_PAST = 50, /* messages of a channel that are shown to who joins */
    RECEIVE = 4096,
    STACK = 256 * 1024,
    FOR_EVER = -1
};

static const char HELP[] =
    "* /nick NAME · /who · /channels · /join NAME · /create NAME · /quit · "
    "//text says /text · anything else is said in your channel";
static const char HEADER[] = "chat history 1";

struct channel {
    char name[NAME_SPACE];
    char *past[MAX_PAST]; /* the last messages; the n-th is at n % MAX_PAST */
    size_t said;          /* how many messages there have been */
};

struct client {
    int socket;
    char nick[NAME_SPACE];
    struct channel *channel;
    bool refused; /* there was no room for it */
    bool leaving; /* it is out of the chat: only the last words are sent */
    bool gone;    /* disconnected: nothing can be sent any more */
    char line[MAX_LINE];
    size_t line_length; /* MAX_LINE: it is too long */
    char *outbox;
    size_t outbox_length, outbox_space;
    long long last_sent; /* ms: when it has last taken something */
    long long second;    /* ms: when the present second began, and ... */
    size_t said;         /* ... the bytes that it has said in it */
};

struct arguments {
    const char *host, *port, *history;
    char **channels; /* the first one is where new clients arrive */
    int channel_count;
    size_t max_clients;
};

static int stop_pipe[2]; /* there is something to read when the server is to end */
static int wake_pipe[2]; /* and here when an outbox is no longer empty */
static pthread_attr_t thread_options;

/* All that follows belongs to whoever holds the lock. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t progress = PTHREAD_COND_INITIALIZER; /* floods look again */
static pthread_cond_t thread_ended = PTHREAD_COND_INITIALIZER;
static struct client **clients;
static size_t client_count, client_space;
static struct channel **channels;
static size_t channel_count;
static struct channel *lobby;
static size_t thread_count, guest_count;
static FILE *history;

/* Say what the user can mend, in one line, and end with status 1. */
static noreturn void fail(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    fputs("error: ", stderr);
    vfprintf(stderr, format, values);
    fputc('\n', stderr);
    va_end(values);
    exit(1);
}

/* Return larger or smaller memory, or end. */
static void *resize(void *memory, size_t size)
{
    memory = realloc(memory, size);
    if (!memory)
        fail("out of memory");
    return memory;
}

/* Return the time in milliseconds. */
static long long now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000LL + time.tv_nsec / 1000000;
}

/* -- Ctrl+C ----------------------------------------------------------------------- */

/* SIGINT and SIGTERM: every thread that waits for a client looks here, too. */
static void stop(int number)
{
    int error = errno;
    (void)number;
    if (write(stop_pipe[1], "", 1) < 0)
        errno = error; /* the pipe is full: it has been said often enough */
    errno = error;
}

static void open_pipe(int *ends)
{
    if (pipe(ends) < 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0
        || fcntl(ends[1], F_SETFL, O_NONBLOCK) < 0)
        fail("no pipe: %s", strerror(errno));
}

static void set_signals(void)
{
    struct sigaction action = {.sa_handler = stop};
    open_pipe(stop_pipe);
    open_pipe(wake_pipe);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (signal(SIGHUP, SIG_IGN) != SIG_IGN) /* nohup(1) wants it ignored */
        sigaction(SIGHUP, &action, NULL);
    action.sa_handler = SIG_IGN; /* send() to a client that has gone returns EPIPE */
    sigaction(SIGPIPE, &action, NULL);
    sigaction(SIGXFSZ, &action, NULL); /* write() to a full file returns EFBIG */
}

/* Tell whether the server is to end. */
static bool is_stopping(void)
{
    struct pollfd waiting = {.fd = stop_pipe[0], .events = POLLIN};
    return poll(&waiting, 1, 0) > 0;
}

/* -- the listening socket --------------------------------------------------------- */

/* Return the first address of the host, IPv6 if it has colons, or end. */
static struct addrinfo *find_address(const char *host, const char *port)
{
    struct addrinfo *address, wanted = {.ai_socktype = SOCK_STREAM};
    wanted.ai_family = strchr(host, ':') ? AF_INET6 : AF_INET;
    int error = getaddrinfo(host, port, &wanted, &address);
    if (error)
        fail("cannot listen on %s:%s: %s", host, port, gai_strerror(error));
    return address;
}

/* Print where the socket listens: for port 0 the system has chosen one. */
static void print_address(int socket)
{
    struct sockaddr_storage own;
    socklen_t size = sizeof own;
    char host[64], port[16];
    getsockname(socket, (struct sockaddr *)&own, &size);
    getnameinfo((struct sockaddr *)&own, size, host, sizeof host, port, sizeof port,
                NI_NUMERICHOST | NI_NUMERICSERV);
    printf("Listening on %s:%s\n", host, port);
    fflush(stdout);
}

/* Return a socket that listens there and never blocks, or end. */
static int open_listening_socket(const char *host, const char *port)
{
    struct addrinfo *address = find_address(host, port);
    int opened = socket(address->ai_family, SOCK_STREAM, 0), yes = 1;
    if (opened < 0
        || setsockopt(opened, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) < 0
        || bind(opened, address->ai_addr, address->ai_addrlen) < 0
        || listen(opened, BACKLOG) < 0 || fcntl(opened, F_SETFL, O_NONBLOCK) < 0)
        fail("cannot listen on %s:%s: %s", host, port, strerror(errno));
    freeaddrinfo(address);
    print_address(opened);
    return opened;
}

/* -- text and names --------------------------------------------------------------- */

/* Return how many bytes a character has that begins with this one, or 0. */
static size_t character_length(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first < 0xC2 || first > 0xF4)
        return 0;
    return first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

/* Decode the first character of a text, RFC 3629; -1 when that is not UTF-8. */
static int32_t decode(const char *text, size_t length, size_t *size)
{
    static const int32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *bytes = (const unsigned char *)text;
    *size = length ? character_length(bytes[0]) : 0;
    if (*size == 0 || *size > length)
        return -1;
    int32_t code = *size == 1 ? bytes[0] : bytes[0] & (0xFF >> (*size + 1));
    for (size_t i = 1; i < *size; i++) {
        if ((bytes[i] & 0xC0) != 0x80)
            return -1;
        code = code << 6 | (bytes[i] & 0x3F);
    }
    bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    return code < least[*size] || code > 0x10FFFF || surrogate ? -1 : code;
}

/* Tell whether a character could forge a line or drive a terminal: Cc, Zl, Zp. */
static bool is_control(int32_t code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x2028
           || code == 0x2029;
}

/* Return why a line is no text that can be shown, or NULL. */
static const char *why_no_text(const char *line, size_t length)
{
    size_t size;
    for (size_t i = 0; i < length; i += size) {
        int32_t code = decode(line + i, length - i, &size);
        if (code < 0)
            return "this is not UTF-8";
        if (is_control(code))
            return "a text has no control characters and no line separators";
    }
    return NULL;
}

/* Letters and marks that are drawn as nothing: ranges of them, both ends included. */
static const int32_t INVISIBLE[][2] = {
    {0x034F, 0x034F}, {0x061C, 0x061C}, {0x115F, 0x1160}, {0x17B4, 0x17B5},
    {0x180B, 0x180F}, {0x200B, 0x200F}, {0x202A, 0x202E}, {0x2060, 0x206F},
    {0x3164, 0x3164}, {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF}, {0xFFA0, 0xFFA0},
    {0xE0000, 0xE0FFF},
};

static bool is_visible(int32_t code)
{
    for (size_t i = 0; i < sizeof INVISIBLE / sizeof INVISIBLE[0]; i++)
        if (code >= INVISIBLE[i][0] && code <= INVISIBLE[i][1])
            return false;
    return true;
}

/* Tell whether a name may have a character. A mark takes no room, it is on a letter. */
static bool is_name_character(int32_t code, bool first)
{
    bool mark = wcwidth((wchar_t)code) == 0;
    return is_visible(code) && !(mark && first)
           && (mark || iswalnum((wint_t)code) || code == '-' || code == '_');
}

/* What stands for several letters: in a name's length, and when names are compared. */
static const struct {
    int32_t code;
    const char *letters;
} LIGATURES[] = {
    {0xFB00, "ff"}, {0xFB01, "fi"}, {0xFB02, "fl"}, {0xFB03, "ffi"}, {0xFB04, "ffl"},
    {0xFB05, "st"}, {0xFB06, "st"}, {0x00DF, "ss"}, {0x1E9E, "ss"}, {0, NULL},
};

/* Return the letters that a ligature stands for; NULL for any other character. */
static const char *letters_of(int32_t code)
{
    size_t i = 0;
    while (LIGATURES[i].letters && LIGATURES[i].code != code)
        i++;
    return LIGATURES[i].letters;
}

/* Return how many letters a character is in a name: Latin marks are part of theirs. */
static size_t count_letters(int32_t code)
{
    bool ligature = code >= 0xFB00 && letters_of(code);
    bool mark = code >= 0x0300 && code <= 0x036F;
    return ligature ? strlen(letters_of(code)) : mark ? 0 : 1;
}

/* Tell whether a text can name a person or a channel. */
static bool is_name(const char *text)
{
    size_t size, letters = 0;
    for (; *text; text += size) {
        int32_t code = decode(text, strlen(text), &size);
        if (code < 0 || !is_name_character(code, letters == 0))
            return false;
        letters += count_letters(code);
    }
    return letters >= 1 && letters <= MAX_NAME;
}

/* Return a letter without case and width: both sigmas of Greek are one. */
static wint_t fold(int32_t code)
{
    if (code > 0xFF00 && code < 0xFF5F)
        code -= 0xFEE0; /* to ASCII */
    return towlower(towupper((wint_t)code));
}

/* A name that is being compared, letter by letter. */
struct spelling {
    const char *rest;
    const char *ligature; /* what is left of one that was begun */
};

/* Return the next letter without case and width; 0 at the end, and at a bad byte. */
static wint_t next_letter(struct spelling *name)
{
    size_t size;
    if (name->ligature && *name->ligature)
        return (wint_t)*name->ligature++;
    int32_t code = *name->rest ? decode(name->rest, strlen(name->rest), &size) : 0;
    if (code <= 0)
        return 0;
    name->rest += size;
    name->ligature = letters_of(code);
    return name->ligature ? (wint_t)*name->ligature++ : fold(code);
}

/* Tell whether two texts are the same name, without case. */
static bool same_name(const char *one, const char *other)
{
    struct spelling first = {one, NULL}, second = {other, NULL};
    wint_t letter;
    do {
        letter = next_letter(&first);
        if (letter != next_letter(&second))
            return false;
    } while (letter);
    return !*first.rest && !*second.rest;
}

/* The C library knows letters of all scripts only in a locale of UTF-8. */
static void set_locale(void)
{
    if (!setlocale(LC_CTYPE, "C.UTF-8") && !setlocale(LC_CTYPE, "en_US.UTF-8")
        && !setlocale(LC_CTYPE, "UTF-8"))
        fail("there is no locale C.UTF-8");
}

/* -- channels --------------------------------------------------------------------- */

static struct channel *find_channel(const char *name)
{
    for (size_t i = 0; i < channel_count; i++)
        if (same_name(channels[i]->name, name))
            return channels[i];
    return NULL;
}

/* Add a channel without messages. */
static struct channel *add_channel(const char *name)
{
    struct channel *channel = resize(NULL, sizeof *channel);
    memset(channel, 0, sizeof *channel);
    snprintf(channel->name, sizeof channel->name, "%s", name);
    channels = resize(channels, (channel_count + 1) * sizeof *channels);
    channels[channel_count++] = channel;
    return channel;
}

/* Remember a message, and forget the oldest one. */
static void remember(struct channel *channel, const char *message)
{
    char **place = &channel->past[channel->said++ % MAX_PAST];
    *place = resize(*place, strlen(message) + 1);
    memcpy(*place, message, strlen(message) + 1);
}

static void forget_channels(void)
{
    for (size_t i = 0; i < channel_count; i++) {
        for (size_t n = 0; n < MAX_PAST; n++)
            free(channels[i]->past[n]);
        free(channels[i]);
    }
    free(channels);
}

/* -- the history file ------------------------------------------------------------- */

/* A line of the file is a message, just as it was sent, or "+ NAME": a new channel. */

/* Append a line; false when it cannot be kept, and then nothing of it is. */
static bool keep(const char *line)
{
    static bool broken; /* there is half a line at the end that cannot be removed */
    char data[MAX_OUTPUT + 1];
    int file = fileno(history);
    off_t end = lseek(file, 0, SEEK_END);
    int length = snprintf(data, sizeof data, "%s\n", line);
    if (broken || end < 0)
        return false;
    if (write(file, data, (size_t)length) == length)
        return true;
    broken = ftruncate(file, end) < 0;
    return false;
}

/* Take a message of an earlier run into its channel's past, if there is the channel. */
static void recall_message(const char *message)
{
    char name[NAME_SPACE] = "";
    const char *start = strstr(message, " #");
    size_t length = start ? strcspn(start + 2, " ") : 0;
    if (length == 0 || length >= sizeof name)
        return;
    memcpy(name, start + 2, length);
    struct channel *channel = find_channel(name);
    if (channel)
        remember(channel, message);
}

/* Take a line of an earlier run. */
static void recall(const char *line)
{
    if (strncmp(line, "+ ", 2) != 0)
        recall_message(line);
    else if (is_name(line + 2) && !find_channel(line + 2))
        add_channel(line + 2);
}

/* Read all lines, and cut off half a line at the end. Returns how many there were. */
static size_t recall_all(const char *path)
{
    char *line = NULL;
    size_t space = 0, count = 0;
    off_t end = 0;
    for (ssize_t length; (length = getline(&line, &space, history)) > 0; count++) {
        if (line[length - 1] != '\n')
            break;
        end += length;
        line[length - 1] = '\0';
        if (count == 0 && strcmp(line, HEADER) != 0)
            fail("cannot use the history file %s: it is not a chat history", path);
        if (count > 0)
            recall(line);
    }
    free(line);
    if (ferror(history) || (count > 0 && ftruncate(fileno(history), end) < 0))
        fail("cannot use the history file %s: %s", path, strerror(errno));
    return count;
}

/* Open the history, for this process alone, and recall what it holds; or end. */
static void open_history(const char *path)
{
    struct flock first_byte = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
    int file = open(path, O_RDWR | O_CREAT | O_APPEND, 0644);
    history = file < 0 ? NULL : fdopen(file, "a+");
    if (!history || fcntl(file, F_SETLK, &first_byte) < 0)
        fail("cannot use the history file %s: %s", path, strerror(errno));
    rewind(history);
    size_t count = recall_all(path);
    if (count == 0 && lseek(file, 0, SEEK_END) > 0)
        fail("cannot use the history file %s: it is not a chat history", path);
    if (count == 0 && !keep(HEADER))
        fail("cannot use the history file %s: %s", path, strerror(errno));
}

/* Open the given channels; the history remembers them, as they were first written. */
static void open_channels(const struct arguments *arguments)
{
    char line[NAME_SPACE + 2];
    for (int i = 0; i < arguments->channel_count; i++) {
        const char *name = arguments->channels[i];
        snprintf(line, sizeof line, "+ %s", name);
        if (!find_channel(name) && !keep(line))
            fail("cannot use the history file %s: %s", arguments->history,
                 strerror(errno));
        if (!find_channel(name))
            add_channel(name);
    }
    lobby = find_channel(arguments->channels[0]);
}

/* -- sending ---------------------------------------------------------------------- */

/* End a connection at once. Its thread sees the end, and cleans up. */
static void disconnect(struct client *client)
{
    client->gone = true;
    client->outbox_length = 0;
    shutdown(client->socket, SHUT_RDWR);
}

/* Send what the client takes now, never wait; disconnect it when it is gone. */
static void flush(struct client *client)
{
    while (client->outbox_length > 0) {
        ssize_t sent = send(client->socket, client->outbox, client->outbox_length, 0);
        if (sent < 0 && errno == EAGAIN)
            return;
        if (sent < 0 && errno != EINTR)
            disconnect(client);
        if (sent > 0) {
            client->last_sent = now();
            client->outbox_length -= (size_t)sent;
            memmove(client->outbox, client->outbox + sent, client->outbox_length);
        }
    }
    free(client->outbox);
    client->outbox = NULL;
    client->outbox_space = 0;
}

/* Put a line into a client's outbox. */
static void put_into_outbox(struct client *client, const char *line)
{
    size_t length = strlen(line), needed = client->outbox_length + length + 1;
    if (needed > client->outbox_space) {
        client->outbox_space = (needed / OUTBOX_STEP + 1) * OUTBOX_STEP;
        client->outbox = resize(client->outbox, client->outbox_space);
    }
    memcpy(client->outbox + client->outbox_length, line, length);
    client->outbox[needed - 1] = '\n';
    client->outbox_length = needed;
}

/* Send a line as far as that is possible now; give up who lets too much pile up. */
static void send_line(struct client *client, const char *line)
{
    bool was_empty = client->outbox_length == 0;
    if (client->gone)
        return;
    put_into_outbox(client, line);
    if (was_empty || client->outbox_length > MAX_OUTBOX)
        flush(client);
    if (client->outbox_length > MAX_OUTBOX)
        disconnect(client);
    if (was_empty && client->outbox_length > 0 && write(wake_pipe[1], "", 1) < 0)
        return; /* the pipe is full: the main thread is awake already */
}

/* Send a line that is put together like that of printf(). */
static void send_format(struct client *client, const char *format, ...)
{
    char line[MAX_OUTPUT];
    va_list values;
    va_start(values, format);
    vsnprintf(line, sizeof line, format, values);
    va_end(values);
    send_line(client, line);
}

/* Send a line to everybody in a channel, or to all but one. */
static void tell(const struct channel *channel, const struct client *but,
                 const char *format, ...)
{
    char line[MAX_OUTPUT];
    va_list values;
    va_start(values, format);
    vsnprintf(line, sizeof line, format, values);
    va_end(values);
    for (size_t i = 0; i < client_count; i++)
        if (clients[i]->channel == channel && clients[i] != but)
            send_line(clients[i], line);
}

/* -- what a client asks for ------------------------------------------------------- */

static struct client *find_client(const char *nick)
{
    for (size_t i = 0; i < client_count; i++)
        if (same_name(clients[i]->nick, nick))
            return clients[i];
    return NULL;
}

static void greet(struct client *client)
{
    send_format(client, "* you are %s in #%s", client->nick, client->channel->name);
}

/* Take a client out of its channel. */
static void leave(struct client *client)
{
    struct channel *old = client->channel;
    client->channel = NULL;
    if (old)
        tell(old, client, "* %s left #%s", client->nick, old->name);
}

/* Take a client out of the chat: from now on its nick and its place are free. */
static void forget(struct client *client)
{
    size_t place = 0;
    while (clients[place] != client)
        place++;
    clients[place] = clients[--client_count];
    if (!is_stopping())
        leave(client);
    client->channel = NULL;
    client->leaving = true;
}

/* Show the channel's past, make the client a member, greet it: one step for all. */
static void enter(struct client *client, struct channel *channel)
{
    size_t first = channel->said > MAX_PAST ? channel->said - MAX_PAST : 0;
    leave(client);
    for (size_t n = first; n < channel->said; n++)
        send_line(client, channel->past[n % MAX_PAST]);
    client->channel = channel;
    greet(client);
    tell(channel, client, "* %s joined #%s", client->nick, channel->name);
}

/* Keep a message, then show it: what anybody has seen is in the history. */
static void say(struct client *client, const char *text)
{
    char message[MAX_OUTPUT], when[32];
    time_t seconds = time(NULL);
    struct tm utc;
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &utc));
    snprintf(message, sizeof message, "%s #%s <%s> %s", when, client->channel->name,
             client->nick, text);
    if (!keep(message)) {
        send_line(client, "! the message cannot be kept");
        return;
    }
    remember(client->channel, message);
    tell(client->channel, NULL, "%s", message);
}

static void change_nick(struct client *client, const char *name)
{
    char old[NAME_SPACE];
    struct client *owner = find_client(name);
    if (!is_name(name)) {
        send_line(client, "! a nick has 1 to 20 letters, digits, - or _");
    } else if (owner && owner != client) {
        send_format(client, "! somebody has the nick %s", name);
    } else {
        memcpy(old, client->nick, sizeof old);
        snprintf(client->nick, sizeof client->nick, "%s", name);
        greet(client);
        tell(client->channel, client, "* %s is now %s", old, client->nick);
    }
}

/* A client may write "#" before a channel's name. */
static const char *without_hash(const char *name)
{
    return name[0] == '#' ? name + 1 : name;
}

static void create(struct client *client, const char *argument)
{
    char line[MAX_LINE + 2];
    const char *name = without_hash(argument);
    snprintf(line, sizeof line, "+ %s", name);
    if (!is_name(name))
        send_line(client, "! a channel's name has 1 to 20 letters, digits, - or _");
    else if (find_channel(name))
        send_format(client, "! #%s is there already, see /join", name);
    else if (channel_count >= MAX_CHANNELS)
        send_format(client, "! there are %d channels, no more are made", MAX_CHANNELS);
    else if (!keep(line))
        send_line(client, "! the channel cannot be kept");
    else
        enter(client, add_channel(name));
}

static void join(struct client *client, const char *argument)
{
    struct channel *channel = find_channel(without_hash(argument));
    if (channel)
        enter(client, channel);
    else
        send_format(client, "! there is no channel '%s', see /channels", argument);
}

static void list_channels(struct client *client, const char *unused)
{
    (void)unused;
    char *line = NULL;
    size_t length = 0;
    FILE *text = open_memstream(&line, &length);
    fputs("* channels:", text);
    for (size_t i = 0; i < channel_count; i++)
        fprintf(text, " #%s", channels[i]->name);
    fclose(text);
    send_line(client, line);
    free(line);
}

static int compare_nicks(const void *one, const void *other)
{
    const struct client *const *left = one, *const *right = other;
    return strcmp((*left)->nick, (*right)->nick);
}

/* Return the members of a channel, sorted by their nicks. */
static struct client **sorted_members(const struct channel *channel, size_t *count)
{
    struct client **members = resize(NULL, client_count * sizeof *members);
    *count = 0;
    for (size_t i = 0; i < client_count; i++)
        if (clients[i]->channel == channel)
            members[(*count)++] = clients[i];
    qsort(members, *count, sizeof *members, compare_nicks);
    return members;
}

static void list_people(struct client *client, const char *unused)
{
    (void)unused;
    char *line = NULL;
    size_t length = 0, count;
    struct client **members = sorted_members(client->channel, &count);
    FILE *text = open_memstream(&line, &length);
    fprintf(text, "* people in #%s:", client->channel->name);
    for (size_t i = 0; i < count; i++)
        fprintf(text, " %s", members[i]->nick);
    fclose(text);
    send_line(client, line);
    free(line);
    free(members);
}

static void help(struct client *client, const char *unused)
{
    (void)unused;
    send_line(client, HELP);
}

static void quit(struct client *client, const char *unused)
{
    (void)unused;
    send_line(client, "* bye");
    forget(client);
}

static const struct {
    const char *word;
    void (*run)(struct client *client, const char *argument);
} COMMANDS[] = {
    {"/nick", change_nick}, {"/channels", list_channels}, {"/who", list_people},
    {"/help", help},        {"/create", create},          {"/join", join},
    {"/quit", quit},        {"/quitter", quit},
};

/* Do a command: the word up to the first space, and what follows without spaces. */
static void run_command(struct client *client, char *line)
{
    size_t word_length = strcspn(line, " ");
    char *argument = line + word_length + strspn(line + word_length, " ");
    size_t length = strlen(argument);
    while (length > 0 && argument[length - 1] == ' ')
        argument[--length] = '\0';
    line[word_length] = '\0';
    for (size_t i = 0; i < sizeof COMMANDS / sizeof COMMANDS[0]; i++)
        if (strcmp(line, COMMANDS[i].word) == 0) {
            COMMANDS[i].run(client, argument);
            return;
        }
    send_format(client, "! there is no command %s, see /help", line);
}

/* Do what a line asks for, or answer why not. */
static void obey(struct client *client)
{
    char *line = client->line;
    size_t length = client->line_length;
    if (length >= MAX_LINE) {
        send_format(client, "! a line has at most %d bytes", MAX_LINE);
        return;
    }
    if (length > 0 && line[length - 1] == '\r')
        length--;
    const char *reason = why_no_text(line, length);
    line[length] = '\0';
    if (reason)
        send_format(client, "! %s", reason);
    else if (line[0] == '/' && line[1] != '/')
        run_command(client, line);
    else if (length > 0)
        say(client, line[0] == '/' ? line + 1 : line);
}

/* -- floods ----------------------------------------------------------------------- */

/* Count what a client says, and tell whether that is much for a second. */
static bool is_flooding(struct client *client, size_t more)
{
    if (now() - client->second >= 1000) {
        client->second = now();
        client->said = 0;
    }
    client->said += more;
    return client->said > FLOOD;
}

/* Tell whether much waits for somebody here who still reads. */
static bool somebody_lags(const struct channel *channel)
{
    for (size_t i = 0; i < client_count; i++)
        if (clients[i]->channel == channel && clients[i]->outbox_length > BEHIND
            && now() < clients[i]->last_sent + PATIENCE)
            return true;
    return false;
}

/* Let a flood wait, without the lock, until those who still read have caught up. */
static void throttle(struct client *client)
{
    while (!client->gone && !is_stopping() && somebody_lags(client->channel))
        pthread_cond_wait(&progress, &lock); /* the main thread says when to look */
}

/* -- one client ------------------------------------------------------------------- */

/* Do the line that is complete now. A short one costs its readers a prefix, too. */
static void take_line(struct client *client)
{
    pthread_mutex_lock(&lock);
    if (is_flooding(client, client->line_length + NAME_SPACE))
        throttle(client);
    if (!client->gone && !client->leaving)
        obey(client);
    client->line_length = 0;
    pthread_mutex_unlock(&lock);
}

/* Take what has come. Of a line that is too long no more is kept than shows that. */
static void take(struct client *client, const char *data, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (data[i] == '\n')
            take_line(client);
        else if (client->line_length < MAX_LINE)
            client->line[client->line_length++] = data[i];
}

/* Wait until a socket is ready; false when the time is up, or the server is to end. */
static bool wait_for(int socket, short events, int milliseconds)
{
    struct pollfd waiting[] = {{.fd = socket, .events = events},
                               {.fd = stop_pipe[0], .events = POLLIN}};
    int ready;
    do
        ready = poll(waiting, 2, milliseconds);
    while (ready < 0 && errno == EINTR);
    return ready > 0 && waiting[1].revents == 0;
}

/* Receive what has come; 0: the client has closed, -1: it has gone, or must go. */
static ssize_t receive(int socket, char *data, size_t size)
{
    while (wait_for(socket, POLLIN, FOR_EVER)) {
        ssize_t length = recv(socket, data, size, 0);
        if (length >= 0 || (errno != EAGAIN && errno != EINTR))
            return length;
    }
    return -1;
}

/* Do what a client says until it leaves. */
static void converse(struct client *client)
{
    char data[RECEIVE];
    ssize_t length;
    do {
        length = receive(client->socket, data, sizeof data);
        if (length > 0)
            take(client, data, (size_t)length);
        if (client->said > FLOOD)
            wait_for(-1, 0, 1); /* millisecond: give way to the others */
    } while (length > 0 && !client->leaving);
    if (length == 0 && client->line_length > 0)
        take_line(client); /* a last line without its newline */
}

/* Send the rest; tell whether all has been sent. */
static bool send_rest(struct client *client)
{
    pthread_mutex_lock(&lock);
    flush(client);
    bool all = client->outbox_length == 0;
    pthread_mutex_unlock(&lock);
    return all;
}

/* Throw away what has come; tell whether the connection has ended. */
static bool discard_input(int socket)
{
    char data[RECEIVE];
    ssize_t length = recv(socket, data, sizeof data, 0);
    return length == 0 || (length < 0 && errno != EAGAIN && errno != EINTR);
}

/* Send the rest, half-close, and read to the end, all this for a moment only: a close
 * with unread input would be a reset, and could destroy the last words.
 */
static void say_goodbye(struct client *client)
{
    long long deadline = now() + GOODBYE;
    bool all_sent = false, ended = false;
    struct pollfd waiting = {.fd = client->socket};
    while (!(all_sent && ended) && now() < deadline) {
        if (!all_sent && (all_sent = send_rest(client)))
            shutdown(client->socket, SHUT_WR);
        ended = ended || discard_input(client->socket);
        waiting.events = (short)((all_sent ? 0 : POLLOUT) | (ended ? 0 : POLLIN));
        if (waiting.events)
            poll(&waiting, 1, (int)(deadline - now() > 0 ? deadline - now() : 0));
    }
}

/* Close a client's connection: the last act of its thread. */
static void end_thread(struct client *client)
{
    pthread_mutex_lock(&lock);
    close(client->socket);
    free(client->outbox);
    free(client);
    thread_count--;
    pthread_cond_signal(&thread_ended);
    pthread_mutex_unlock(&lock);
}

/* The work of a thread: a client from its first line to its last. */
static void *serve_client(void *argument)
{
    struct client *client = argument;
    if (!client->refused)
        converse(client);
    pthread_mutex_lock(&lock);
    if (!client->refused && !client->leaving) {
        if (is_stopping())
            send_line(client, "* server closing");
        forget(client);
    }
    pthread_mutex_unlock(&lock);
    say_goodbye(client);
    end_thread(client);
    return NULL;
}

/* -- all clients ------------------------------------------------------------------ */

/* Return a client that is in no channel yet. */
static struct client *new_client(int socket)
{
    struct client *client = resize(NULL, sizeof *client);
    memset(client, 0, sizeof *client);
    fcntl(socket, F_SETFL, O_NONBLOCK);
    int yes = 1;
    setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
    client->socket = socket;
    client->last_sent = now();
    return client;
}

/* Give a client a nick that nobody has, a place, and the first channel. */
static void welcome(struct client *client)
{
    do
        snprintf(client->nick, sizeof client->nick, "guest%zu", ++guest_count);
    while (find_client(client->nick));
    if (client_count == client_space) {
        client_space = client_space * 2 + 16;
        clients = resize(clients, client_space * sizeof *clients);
    }
    clients[client_count++] = client;
    enter(client, lobby);
}

/* Start the thread of a client that is in no list yet; end it when that fails. */
static bool start_thread(struct client *client)
{
    pthread_t thread;
    if (pthread_create(&thread, &thread_options, serve_client, client) == 0) {
        thread_count++;
        return true;
    }
    fputs("There are too many threads: a client was disconnected.\n", stderr);
    close(client->socket);
    free(client);
    return false;
}

/* Let a new client in, or tell it that the server is full. */
static void admit(int socket, size_t max_clients)
{
    struct client *client = new_client(socket);
    pthread_mutex_lock(&lock); /* the thread's first act may be to wait for this */
    client->refused = client_count >= max_clients;
    if (start_thread(client)) {
        if (client->refused)
            send_line(client, "! server full");
        else
            welcome(client);
    }
    pthread_mutex_unlock(&lock);
}

static void accept_client(int listening, size_t max_clients)
{
    int socket = accept(listening, NULL, NULL);
    if (socket >= 0)
        admit(socket, max_clients);
    else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS)
        wait_for(-1, 0, 100); /* somebody may have left then */
}

/* Return what the main thread waits for: three things, and whoever is slow. */
static struct pollfd *list_waits(int listening, nfds_t *count)
{
    pthread_mutex_lock(&lock);
    struct pollfd *waiting = resize(NULL, (client_count + 3) * sizeof *waiting);
    waiting[0] = (struct pollfd){.fd = listening, .events = POLLIN};
    waiting[1] = (struct pollfd){.fd = stop_pipe[0], .events = POLLIN};
    waiting[2] = (struct pollfd){.fd = wake_pipe[0], .events = POLLIN};
    *count = 3;
    for (size_t i = 0; i < client_count; i++)
        if (clients[i]->outbox_length > 0)
            waiting[(*count)++] =
                (struct pollfd){.fd = clients[i]->socket, .events = POLLOUT};
    pthread_mutex_unlock(&lock);
    return waiting;
}

/* Send what waits in the outboxes, and let floods look again. */
static void flush_all(void)
{
    char wakes[64];
    while (read(wake_pipe[0], wakes, sizeof wakes) > 0)
        continue;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < client_count; i++)
        if (clients[i]->outbox_length > 0)
            flush(clients[i]);
    pthread_cond_broadcast(&progress);
    pthread_mutex_unlock(&lock);
}

/* Accept clients, and send the slow what waits for them, until the server is to end. */
static void run(int listening, size_t max_clients)
{
    while (!is_stopping()) {
        nfds_t count;
        struct pollfd *waiting = list_waits(listening, &count);
        poll(waiting, count, count > 3 ? 100 : FOR_EVER);
        if (waiting[0].revents)
            accept_client(listening, max_clients);
        free(waiting);
        flush_all();
    }
}

/* Wait until every thread has said goodbye to its client. */
static void wait_for_threads(void)
{
    pthread_mutex_lock(&lock);
    pthread_cond_broadcast(&progress);
    while (thread_count > 0)
        pthread_cond_wait(&thread_ended, &lock);
    pthread_mutex_unlock(&lock);
}

/* -- the command line ------------------------------------------------------------- */

static noreturn void fail_usage(void)
{
    fputs("usage: server [HOST] [PORT] [--history FILE] [--channels NAME ...]"
          " [--max-clients N]\n", stderr);
    exit(2);
}

/* Return text if it is a port number, or end. */
static const char *port_number(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 5 || text[digits] || atoi(text) > 65535)
        fail("'%s' is not a port number (0 to 65535)", text);
    return text;
}

static size_t positive_number(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 9 || text[digits] || atoi(text) == 0)
        fail("'%s' is not a number of clients (1 or more)", text);
    return (size_t)atoi(text);
}

/* Read the channels' names up to the next option; return its place. */
static int read_channels(int place, int count, char **words,
                         struct arguments *arguments)
{
    arguments->channels = words + place;
    for (; place < count && strncmp(words[place], "--", 2) != 0; place++)
        if (!is_name(words[place]))
            fail("'%s' is not a channel name: 1 to 20 letters, digits, - or _",
                 words[place]);
    arguments->channel_count = (int)(words + place - arguments->channels);
    if (arguments->channel_count == 0)
        fail_usage();
    if (arguments->channel_count > MAX_CHANNELS)
        fail("there can be at most %d channels", MAX_CHANNELS);
    return place;
}

/* Read the option at this place; return the place of the next word. */
static int read_option(int place, int count, char **words, struct arguments *arguments)
{
    const char *option = words[place++];
    if (strcmp(option, "--channels") == 0)
        return read_channels(place, count, words, arguments);
    if (place == count)
        fail_usage();
    if (strcmp(option, "--history") == 0)
        arguments->history = words[place];
    else if (strcmp(option, "--max-clients") == 0)
        arguments->max_clients = positive_number(words[place]);
    else
        fail_usage();
    return place + 1;
}

/* Read the command line. */
static struct arguments read_arguments(int count, char **words)
{
    static char *usual[] = {"general", "sport"};
    struct arguments arguments = {"127.0.0.1", "8080", "chat.db", usual, 2, 1000};
    const char **positions[] = {&arguments.host, &arguments.port};
    size_t position = 0;
    for (int place = 1; place < count;) {
        if (words[place][0] == '-' && !isdigit((unsigned char)words[place][1]))
            place = read_option(place, count, words, &arguments);
        else if (position < 2)
            *positions[position++] = words[place++];
        else
            fail_usage();
    }
    port_number(arguments.port);
    return arguments;
}

/* Return how many clients there can be before the system has no descriptors left. A
 * thousand are more than many systems allow at first.
 */
static size_t limit_clients(size_t wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return wanted;
    if (limit.rlim_cur < 4096) {
        limit.rlim_cur = limit.rlim_max < 4096 ? limit.rlim_max : 4096;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    size_t most = limit.rlim_cur > OWN_FILES ? limit.rlim_cur - OWN_FILES : 1;
    return wanted < most ? wanted : most;
}

static void set_thread_options(void)
{
    pthread_attr_init(&thread_options);
    pthread_attr_setdetachstate(&thread_options, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&thread_options, STACK);
}

int main(int count, char **words)
{
    set_locale();
    set_signals();
    set_thread_options();
    struct arguments arguments = read_arguments(count, words);
    arguments.max_clients = limit_clients(arguments.max_clients);
    open_history(arguments.history);
    open_channels(&arguments);
    int listening = open_listening_socket(arguments.host, arguments.port);
    run(listening, arguments.max_clients);
    close(listening);
    wait_for_threads();
    fclose(history);
    free(clients);
    forget_channels();
    return 0;
}
