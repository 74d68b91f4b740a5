/* Exercise 1 in C: one HTTP answer for Chrome, and the end.
 *
 * Run ./server [HOST] [PORT], then open http://127.0.0.1:8080/ in Chrome.
 */

#define _POSIX_C_SOURCE 200809L

#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char PAGE[] =
    "<!doctype html>\n"
    "<title>Hello from C</title>\n"
    "<h1>Hello, Chrome: this is C ✓</h1>\n"
    "<p>À bientôt !</p>\n";

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

/* Ctrl+C or SIGTERM: the system closes the sockets of a process that ends. */
static void stop(int number)
{
    (void)number;
    _exit(0);
}

static void set_signals(void)
{
    struct sigaction action = {.sa_handler = stop};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    action.sa_handler = SIG_IGN; /* send() to a client that has gone returns EPIPE */
    sigaction(SIGPIPE, &action, NULL);
}

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
static void print_address(int listening)
{
    struct sockaddr_storage own;
    socklen_t size = sizeof own;
    char host[64], port[16];
    getsockname(listening, (struct sockaddr *)&own, &size);
    getnameinfo((struct sockaddr *)&own, size, host, sizeof host, port, sizeof port,
                NI_NUMERICHOST | NI_NUMERICSERV);
    printf("Listening on %s:%s\n", host, port);
    fflush(stdout);
}

/* Return a socket that listens there, or end. */
static int open_listening_socket(const char *host, const char *port)
{
    struct addrinfo *address = find_address(host, port);
    int listening = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    if (listening < 0
        || setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) < 0
        || bind(listening, address->ai_addr, address->ai_addrlen) < 0
        || listen(listening, SOMAXCONN) < 0)
        fail("cannot listen on %s:%s: %s", host, port, strerror(errno));
    freeaddrinfo(address);
    print_address(listening);
    return listening;
}

/* Wait for a client; those that have left before accept() do not count. */
static int accept_client(int listening)
{
    int client;
    do
        client = accept(listening, NULL, NULL);
    while (client < 0 && (errno == ECONNABORTED || errno == EINTR));
    if (client < 0)
        fail("no client can be accepted: %s", strerror(errno));
    return client;
}

/* Return how many bytes of "\r\n\r\n" have come, after one byte more. */
static size_t match_empty_line(size_t matched, char byte)
{
    if (byte == "\r\n\r\n"[matched])
        return matched + 1;
    return byte == '\r';
}

/* Read a request to the empty line that ends its head; false: the client has left. */
static bool read_head(int client)
{
    char received[4096];
    size_t matched = 0;
    while (matched < 4) {
        ssize_t length = recv(client, received, sizeof received, 0);
        if (length <= 0)
            return false;
        for (ssize_t i = 0; i < length && matched < 4; i++)
            matched = match_empty_line(matched, received[i]);
    }
    return true;
}

/* Send all; when the client is gone, that is all that can be done for it. */
static void send_all(int client, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(client, data, length, 0);
        if (sent < 0)
            return;
        data += sent;
        length -= (size_t)sent;
    }
}

static void send_page(int client)
{
    char answer[1024];
    int length = snprintf(answer, sizeof answer,
                          "HTTP/1.1 200 OK\r\n"
                          "Content-Type: text/html; charset=utf-8\r\n"
                          "Content-Length: %zu\r\n"
                          "Connection: close\r\n"
                          "\r\n"
                          "%s",
                          strlen(PAGE), PAGE);
    send_all(client, answer, (size_t)length);
}

int main(int count, char **arguments)
{
    check_usage(count, arguments);
    const char *host = count > 1 ? arguments[1] : "127.0.0.1";
    const char *port = port_number(count > 2 ? arguments[2] : "8080");
    set_signals();
    int listening = open_listening_socket(host, port);
    int client = accept_client(listening);
    if (read_head(client))
        send_page(client);
    close(client);
    close(listening);
    return 0;
}
