/* Exercise 3 in C: an HTTP client, the other end of the socket.
 *
 * Run ./client [HOST] [PORT] [PATH]. It sends a GET and prints the response, head and
 * body, as it came.
 */

#define _POSIX_C_SOURCE 200809L

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PIECE = 65536 };

/* What has come of the response. */
struct response {
    char *data;
    size_t length;
};

static double time_limit = 10; /* seconds to connect, and for each piece */

/* Say what went wrong, in one line, and end with status 1. */
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

/* Return text if it can stand in a request line, or end. */
static const char *url_path(const char *text)
{
    bool good = text[0] == '/';
    for (const char *byte = text; *byte; byte++)
        if (*byte < '!' || *byte > '~')
            good = false;
    if (!good)
        fail("the path must begin with / and be printable ASCII without spaces");
    return text;
}

/* End with status 2 unless there are three arguments at most, and no option. */
static void check_usage(int count, char **arguments)
{
    bool wrong = count > 4;
    for (int i = 1; i < count; i++)
        if (arguments[i][0] == '-' && !isdigit((unsigned char)arguments[i][1]))
            wrong = true;
    if (wrong) {
        fprintf(stderr, "usage: %s [HOST] [PORT] [PATH]\n", arguments[0]);
        exit(2);
    }
}

/* The suite shortens the time limit. */
static void read_time_limit(void)
{
    const char *text = getenv("HTTP_TIMEOUT");
    if (text && atof(text) > 0 && atof(text) < 1e6)
        time_limit = atof(text);
}

/* -- the connection --------------------------------------------------------------- */

static long long now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000LL + time.tv_nsec / 1000000;
}

/* Wait until the socket is ready; -1 and ETIMEDOUT when the time is up. */
static int wait_for(int server, short events)
{
    struct pollfd waiting = {.fd = server, .events = events};
    long long deadline = now() + (long long)(time_limit * 1000);
    int ready;
    do {
        long long left = deadline - now();
        ready = poll(&waiting, 1, left > 0 ? (int)left : 0);
    } while (ready < 0 && errno == EINTR);
    if (ready == 0)
        errno = ETIMEDOUT;
    return ready > 0 ? 0 : -1;
}

/* Connect within the time limit; -1 and errno when it does not work. */
static int connect_in_time(int server, const struct addrinfo *address)
{
    int error = 0;
    socklen_t size = sizeof error;
    if (connect(server, address->ai_addr, address->ai_addrlen) == 0)
        return 0;
    if (errno != EINPROGRESS || wait_for(server, POLLOUT) < 0)
        return -1;
    getsockopt(server, SOL_SOCKET, SO_ERROR, &error, &size);
    errno = error;
    return error ? -1 : 0;
}

/* Return a socket that is connected to this address and never blocks, or -1. */
static int open_socket(const struct addrinfo *address)
{
    int server = socket(address->ai_family, address->ai_socktype, 0);
    if (server < 0)
        return -1;
    fcntl(server, F_SETFL, O_NONBLOCK);
    if (connect_in_time(server, address) == 0)
        return server;
    int error = errno;
    close(server);
    errno = error;
    return -1;
}

/* Try one address of the host after the other; end when none of them answers. */
static int connect_to(const char *host, const char *port)
{
    struct addrinfo *addresses, wanted = {.ai_socktype = SOCK_STREAM};
    int error = getaddrinfo(host, port, &wanted, &addresses), server = -1;
    if (error)
        fail("%s:%s: %s", host, port, gai_strerror(error));
    for (struct addrinfo *one = addresses; one && server < 0; one = one->ai_next)
        server = open_socket(one);
    if (server < 0)
        fail("%s:%s: %s", host, port, strerror(errno));
    freeaddrinfo(addresses);
    return server;
}

static void send_all(int server, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t sent = wait_for(server, POLLOUT);
        if (sent == 0)
            sent = send(server, data, length, 0);
        if (sent < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (sent < 0)
            fail("the request could not be sent: %s", strerror(errno));
        data += sent;
        length -= (size_t)sent;
    }
}

/* Send a GET, with the empty line (RFC 9112, section 3). */
static void send_request(int server, const char *host, const char *port,
                         const char *path)
{
    bool ipv6 = strchr(host, ':'); /* RFC 3986, section 3.2.2: in brackets */
    const char *format = ipv6 ? "GET %s HTTP/1.1\r\nHost: [%s]:%d\r\n%s"
                              : "GET %s HTTP/1.1\r\nHost: %s:%d\r\n%s";
    size_t size = strlen(path) + strlen(host) + 100;
    char *request = malloc(size);
    if (!request)
        fail("out of memory");
    int length = snprintf(request, size, format, path, host, atoi(port),
                          "Connection: close\r\n\r\n");
    send_all(server, request, (size_t)length);
    free(request);
}

/* Like recv(), but it waits no longer than the time limit: then errno is ETIMEDOUT. */
static ssize_t receive(int server, char *piece)
{
    ssize_t length;
    do
        length = wait_for(server, POLLIN) < 0 ? -1 : recv(server, piece, PIECE, 0);
    while (length < 0 && (errno == EAGAIN || errno == EINTR));
    return length;
}

/* -- the response ----------------------------------------------------------------- */

/* Write to stdout, bytes as they are. */
static void print(const char *data, size_t length)
{
    while (length > 0) {
        ssize_t written = write(STDOUT_FILENO, data, length);
        if (written < 0 && errno != EINTR)
            fail("stdout: %s", strerror(errno));
        if (written > 0) {
            data += written;
            length -= (size_t)written;
        }
    }
}

/* Return the length of the head with its empty line, or 0 while it is not complete. */
static size_t head_length(const struct response *response)
{
    for (size_t i = 0; i + 4 <= response->length; i++)
        if (memcmp(response->data + i, "\r\n\r\n", 4) == 0)
            return i + 4;
    return 0;
}

/* Say why the head did not come, after printing what did. */
static noreturn void fail_in_head(const struct response *response, ssize_t result)
{
    const char *reason = result == 0 ? "the server closed the connection"
                                     : strerror(errno);
    if (response->length == 0)
        fail("no answer: %s", reason);
    print(response->data, response->length);
    fail("the head was cut short after %zu bytes: %s", response->length, reason);
}

/* Receive one piece more; end when there is none, or when it is no HTTP. */
static void receive_more(int server, struct response *response)
{
    response->data = realloc(response->data, response->length + PIECE);
    if (!response->data)
        fail("out of memory");
    ssize_t result = receive(server, response->data + response->length);
    if (result <= 0)
        fail_in_head(response, result);
    response->length += (size_t)result;
    size_t compared = response->length < 5 ? response->length : 5;
    if (memcmp(response->data, "HTTP/", compared) != 0)
        fail("the answer is not HTTP");
}

/* Return the value of a header line if its name is Content-Length, else NULL. */
static const char *length_value(const char *line)
{
    if (strncasecmp(line, "Content-Length:", 15) != 0)
        return NULL;
    line += 15;
    return line + strspn(line, " \t");
}

/* Tell whether a header's value is a number. */
static bool is_number(const char *value)
{
    size_t digits = strspn(value, "0123456789");
    const char *rest = value + digits + strspn(value + digits, " \t");
    return digits > 0 && strncmp(rest, "\r\n", 2) == 0;
}

/* Tell whether the head announces the body's length, and which. */
static bool announces_length(const struct response *response,
                             unsigned long long *length)
{
    char *end = response->data + head_length(response) - 2; /* at the empty line */
    for (char *line = response->data; line < end; line++) {
        line = memchr(line, '\n', (size_t)(end - line));
        const char *value = line + 1 < end ? length_value(line + 1) : NULL;
        if (value && !is_number(value)) {
            print(response->data, head_length(response));
            fail("Content-Length is not a number");
        }
        if (value) {
            *length = strtoull(value, NULL, 10);
            return true;
        }
    }
    return false;
}

/* Print the body to the end of the stream. */
static void print_to_end(int server, char *piece)
{
    unsigned long long printed = 0;
    ssize_t result;
    while ((result = receive(server, piece)) > 0) {
        print(piece, (size_t)result);
        printed += (unsigned long long)result;
    }
    if (result < 0)
        fail("the body was cut short after %llu bytes: %s", printed, strerror(errno));
}

/* Print the rest of a body of a known length, and nothing that comes behind it. */
static void print_length(int server, char *piece, unsigned long long printed,
                         unsigned long long length)
{
    while (printed < length) {
        ssize_t result = receive(server, piece);
        if (result <= 0)
            fail("the body was cut short%s%s: %llu of %llu bytes", result ? ": " : "",
                 result ? strerror(errno) : "", printed, length);
        unsigned long long wanted = length - printed, came = (size_t)result;
        print(piece, (size_t)(came < wanted ? came : wanted));
        printed += came;
    }
}

/* Copy one response to stdout. */
static void print_response(int server)
{
    static char piece[PIECE];
    struct response response = {NULL, 0};
    unsigned long long length;
    while (head_length(&response) == 0)
        receive_more(server, &response);
    unsigned long long came = response.length - head_length(&response);
    bool has_length = announces_length(&response, &length);
    if (has_length && came > length)
        response.length -= (size_t)(came - length);
    print(response.data, response.length);
    free(response.data);
    if (has_length)
        print_length(server, piece, came, length);
    else
        print_to_end(server, piece);
}

int main(int count, char **arguments)
{
    check_usage(count, arguments);
    const char *host = count > 1 ? arguments[1] : "127.0.0.1";
    const char *port = port_number(count > 2 ? arguments[2] : "8080");
    const char *path = url_path(count > 3 ? arguments[3] : "/");
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL); /* send() then returns EPIPE */
    read_time_limit();
    int server = connect_to(host, port);
    send_request(server, host, port, path);
    print_response(server);
    close(server);
    return 0;
}
