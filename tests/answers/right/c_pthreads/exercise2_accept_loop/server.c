/* Exercise 2 in C: a few threads, each of which accepts one client after another.
 *
 * Run ./server [HOST] [PORT], then open http://127.0.0.1:8080/ in Chrome. A silent
 * client holds up one thread, for a second; the others go on.
 */

#define _POSIX_C_SOURCE 200809L

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    WORKERS = 4,
    GIVE_UP_AFTER = 1000,      /* milliseconds: the whole head, and each later step */
    MAX_HEAD = 8192,           /* bytes before the empty line */
    HEAD_SPACE = MAX_HEAD + 4, /* with it */
    MOST_DISCARDED = 1000      /* pieces of what a client sends after its request */
};

static const long long NEVER = LLONG_MAX;
static const char PAGE[] =
    "<!doctype html>\n"
    "<title>Hello from C</title>\n"
    "<h1>Hello, Chrome: this is C ✓</h1>\n"
    "<p>À bientôt !</p>\n";

static int listening;    /* the listening socket */
static int stop_pipe[2]; /* there is something to read when the server is to end */

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

/* -- the command line ------------------------------------------------------------- */

/* Return text if it is a port number, or end. */
static const char *port_number(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 5 || text[digits] || atoi(text) > 65535)
        fail("'%s' is not a port number (0 to 65535)", text);
    return text;
}

/* End with status 2 unless there is a HOST and a PORT at most, and no option. */
static void check_usage(int count, char **arguments)
{
    bool wrong = count > 3;
    for (int i = 1; i < count; i++)
        if (arguments[i][0] == '-' && !isdigit((unsigned char)arguments[i][1]))
            wrong = true;
    if (wrong) {
        fprintf(stderr, "usage: %s [HOST] [PORT]\n", arguments[0]);
        exit(2);
    }
}

/* -- Ctrl+C ----------------------------------------------------------------------- */

/* SIGINT and SIGTERM: every wait of every thread is a poll() that looks here, too. */
static void stop(int number)
{
    int error = errno;
    (void)number;
    if (write(stop_pipe[1], "", 1) < 0)
        errno = error; /* the pipe is full: it has been said often enough */
    errno = error;
}

static void set_signals(void)
{
    struct sigaction action = {.sa_handler = stop};
    if (pipe(stop_pipe) < 0 || fcntl(stop_pipe[1], F_SETFL, O_NONBLOCK) < 0)
        fail("no pipe: %s", strerror(errno));
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    action.sa_handler = SIG_IGN; /* send() to a client that has gone returns EPIPE */
    sigaction(SIGPIPE, &action, NULL);
}

/* -- the listening socket --------------------------------------------------------- */

/* Return the first IPv4 address of the host, or end. */
static struct addrinfo *find_address(const char *host, const char *port)
{
    struct addrinfo *address, wanted = {.ai_family = AF_INET};
    wanted.ai_socktype = SOCK_STREAM;
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
    int opened = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    if (opened < 0
        || setsockopt(opened, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) < 0
        || bind(opened, address->ai_addr, address->ai_addrlen) < 0
        || listen(opened, SOMAXCONN) < 0 || fcntl(opened, F_SETFL, O_NONBLOCK) < 0)
        fail("cannot listen on %s:%s: %s", host, port, strerror(errno));
    freeaddrinfo(address);
    print_address(opened);
    return opened;
}

/* -- waiting ---------------------------------------------------------------------- */

/* Return the time in milliseconds. */
static long long now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000LL + time.tv_nsec / 1000000;
}

/* Return how long poll() may wait: -1 is for ever. */
static int time_left(long long deadline)
{
    if (deadline == NEVER)
        return -1;
    long long left = deadline - now();
    return left > 0 ? (int)left : 0;
}

/* Wait until a socket is ready; false when the time is up, or the server is to end. */
static bool wait_for(int socket, short events, long long deadline)
{
    struct pollfd waiting[] = {{.fd = socket, .events = events},
                               {.fd = stop_pipe[0], .events = POLLIN}};
    int ready;
    do
        ready = poll(waiting, 2, time_left(deadline));
    while (ready < 0 && errno == EINTR);
    return ready > 0 && waiting[1].revents == 0;
}

/* Tell whether recv() or send() is to be tried again. */
static bool try_again(ssize_t result)
{
    return result < 0 && (errno == EAGAIN || errno == EINTR);
}

/* Receive what has come; 0 or less: the client has left, or is given up. */
static ssize_t receive(int client, char *data, size_t size, long long deadline)
{
    ssize_t length;
    do
        length = wait_for(client, POLLIN, deadline) ? recv(client, data, size, 0) : 0;
    while (try_again(length));
    return length;
}

/* Send all, unless the client has left, or takes nothing for too long. */
static void send_all(int client, const char *data, size_t length)
{
    while (length > 0 && wait_for(client, POLLOUT, now() + GIVE_UP_AFTER)) {
        ssize_t sent = send(client, data, length, 0);
        if (sent < 0 && !try_again(sent))
            return;
        if (sent > 0) {
            data += sent;
            length -= (size_t)sent;
        }
    }
}

/* -- one client ------------------------------------------------------------------- */

/* Return where the empty line begins, or the length when there is none yet. */
static size_t find_empty_line(const char *head, size_t length)
{
    for (size_t i = 0; i + 4 <= length; i++)
        if (memcmp(head + i, "\r\n\r\n", 4) == 0)
            return i;
    return length;
}

/* Read a head to its empty line, or to the limit, as long as the client is there, in
 * time, and speaks HTTP: a method begins with a letter. Returns how many bytes came.
 */
static size_t read_head(int client, char *head)
{
    long long deadline = now() + GIVE_UP_AFTER;
    size_t length = 0;
    while (length < HEAD_SPACE && find_empty_line(head, length) == length) {
        ssize_t came = receive(client, head + length, HEAD_SPACE - length, deadline);
        length += came > 0 ? (size_t)came : 0;
        if (came <= 0 || !isalpha((unsigned char)head[0]))
            break;
    }
    return length;
}

/* Cut a text at the first of a separator, and return what stands behind it, or NULL. */
static char *cut(char *text, const char *separator)
{
    char *found = text ? strstr(text, separator) : NULL;
    if (!found)
        return NULL;
    *found = '\0';
    return found + strlen(separator);
}

/* Return the status for a request line, METHOD PATH HTTP/1.x; its words are cut. */
static const char *judge_request_line(char *line)
{
    char *path = cut(line, " "), *version = cut(path, " ");
    if (!version || !*path || strncmp(version, "HTTP/1.", 7) != 0
        || !isdigit((unsigned char)version[7]) || version[8])
        return "400 Bad Request";
    if (strcmp(line, "GET") != 0)
        return "405 Method Not Allowed";
    return strcmp(path, "/") == 0 ? "200 OK" : "404 Not Found";
}

/* Return the status that a head deserves (RFC 9110, section 15). */
static const char *choose_status(char *head, size_t length)
{
    size_t end = find_empty_line(head, length);
    if (!isalpha((unsigned char)head[0]))
        return "400 Bad Request";
    if (end > MAX_HEAD)
        return "431 Request Header Fields Too Large";
    if (end == length)
        return "400 Bad Request";
    if (memchr(head, '\0', end))
        return "400 Bad Request";
    head[end] = '\0';
    cut(head, "\r\n");
    return judge_request_line(head);
}

/* Send a whole response, with a page of its own for each status. */
static void send_response(int client, const char *status)
{
    char body[512], answer[1024];
    if (strcmp(status, "200 OK") == 0)
        snprintf(body, sizeof body, "%s", PAGE);
    else
        snprintf(body, sizeof body, "<!doctype html>\n<h1>%s</h1>\n", status);
    int length = snprintf(answer, sizeof answer,
                          "HTTP/1.1 %s\r\n"
                          "Content-Type: text/html; charset=utf-8\r\n"
                          "Content-Length: %zu\r\n"
                          "%sConnection: close\r\n"
                          "\r\n"
                          "%s",
                          status, strlen(body),
                          strncmp(status, "405", 3) == 0 ? "Allow: GET\r\n" : "", body);
    send_all(client, answer, (size_t)length);
}

/* Half-close, then read what the client still sends (RFC 9112, section 9.6): a close
 * with unread input resets the connection, and the reset can destroy the answer.
 */
static void discard_input(int client)
{
    char data[4096];
    long long deadline = now() + GIVE_UP_AFTER;
    shutdown(client, SHUT_WR);
    for (int i = 0; i < MOST_DISCARDED; i++)
        if (receive(client, data, sizeof data, deadline) <= 0)
            return;
}

/* Answer one request, unless nothing comes. */
static void serve_client(int client)
{
    char head[HEAD_SPACE];
    size_t length = read_head(client, head);
    if (length > 0) {
        send_response(client, choose_status(head, length));
        discard_input(client);
    }
}

/* -- all clients ------------------------------------------------------------------ */

/* Return the next client, or -1 when another thread was faster, or it cannot be. */
static int accept_client(void)
{
    int client = accept(listening, NULL, NULL);
    if (client >= 0)
        fcntl(client, F_SETFL, O_NONBLOCK);
    else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
        wait_for(-1, 0, now() + 100); /* it may be better then */
    return client;
}

/* Serve one client after another: the work of a thread. */
static void *serve(void *unused)
{
    while (wait_for(listening, POLLIN, NEVER)) {
        int client = accept_client();
        if (client >= 0) {
            serve_client(client);
            close(client);
        }
    }
    return unused;
}

int main(int count, char **arguments)
{
    pthread_t workers[WORKERS];
    check_usage(count, arguments);
    const char *port = port_number(count > 2 ? arguments[2] : "8080");
    set_signals();
    listening = open_listening_socket(count > 1 ? arguments[1] : "127.0.0.1", port);
    for (int i = 0; i < WORKERS; i++)
        if (pthread_create(&workers[i], NULL, serve, NULL) != 0)
            fail("no thread can be started");
    for (int i = 0; i < WORKERS; i++)
        pthread_join(workers[i], NULL);
    close(listening);
    return 0;
}
