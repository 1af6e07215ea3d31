import json, os, subprocess, sys, threading, queue, time, pathlib
HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent

class Server:
    def __init__(self, binary):
        self.process = subprocess.Popen([binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=open('/tmp/ra.log','w'), cwd=HERE)
        self.messages = queue.Queue()
        self.diagnostics = {}
        self.status = {}
        self.next = 0
        self.answers = {}
        self.lock = threading.Condition()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        out = self.process.stdout
        while True:
            length = 0
            while True:
                line = out.readline()
                if not line: return
                line = line.strip()
                if not line: break
                if line.lower().startswith(b'content-length:'):
                    length = int(line.split(b':')[1])
            message = json.loads(out.read(length))
            with self.lock:
                if 'id' in message and 'method' not in message:
                    self.answers[message['id']] = message
                elif 'id' in message:
                    result = None
                    if message['method'] == 'workspace/configuration':
                        result = [None for _ in message['params']['items']]
                    self.write({'jsonrpc': '2.0', 'id': message['id'], 'result': result})
                elif message['method'] == 'textDocument/publishDiagnostics':
                    self.diagnostics[message['params']['uri']] = message['params']['diagnostics']
                elif message['method'] == 'experimental/serverStatus':
                    self.status = message['params']; print('status', message['params'], file=sys.stderr)
                elif message['method'] in ('window/showMessage','window/logMessage'):
                    print(message['params'], file=sys.stderr)
                self.lock.notify_all()

    def write(self, message):
        data = json.dumps(message).encode()
        self.process.stdin.write(b'Content-Length: %d\r\n\r\n' % len(data) + data)
        self.process.stdin.flush()

    def request(self, method, params, timeout=300):
        with self.lock:
            self.next += 1
            id = self.next
            self.write({'jsonrpc': '2.0', 'id': id, 'method': method, 'params': params})
            end = time.time() + timeout
            while id not in self.answers:
                if not self.lock.wait(end - time.time()): raise TimeoutError(method)
            a = self.answers.pop(id)
            if 'error' in a: return {'error': a['error']}
            return a['result']

    def notify(self, method, params):
        with self.lock:
            self.write({'jsonrpc': '2.0', 'method': method, 'params': params})
