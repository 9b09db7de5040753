// Usage: node load.mjs WIDTH COUNT PID…: so many invocations of /bench/ten, so many at a time, and the processor time
// that these processes used for each (Linux).
import http from "node:http";
import { readFileSync } from "node:fs";

const [width, count, ...pids] = process.argv.slice(2).map(Number);
const agent = new http.Agent({ keepAlive: true, maxSockets: width });
const options = { host: "127.0.0.1", port: 8080, path: "/bench/ten", method: "POST", agent };
const once = () =>
    new Promise((done, fail) => {
        const answer = (response) => {
            response.resume();
            response.on("end", () => (response.statusCode === 200 ? done() : fail(response.statusCode)));
        };
        http.request({ ...options, headers: { "content-type": "application/json" } }, answer).on("error", fail).end("{}");
    });
const used = () => pids.map((pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
    return (Number(fields[11]) + Number(fields[12])) * 10;
});
async function round(count) {
    const waits = [];
    let next = 0;
    await Promise.all(Array.from({ length: width }, async () => {
        while (next++ < count) {
            const began = performance.now();
            await once();
            waits.push(performance.now() - began);
        }
    }));
    return waits.sort((a, b) => a - b);
}
await round(width);
const [before, began] = [used(), performance.now()];
const waits = await round(count);
const wall = (performance.now() - began) / 1000;
const each = used().map((ms, at) => ((ms - before[at]) / count).toFixed(2));
const part = (p) => waits[Math.floor(waits.length * p)].toFixed(1);
console.log(`${width} at a time: ${(count / wall).toFixed(1)}/s, p50 ${part(0.5)} ms, p99 ${part(0.99)} ms, ` +
    `processor ms each: ${each.join(" + ")}, load ${readFileSync("/proc/loadavg", "utf8").split(" ")[0]}`);
process.exit(0);
