// Ten durable steps that do nothing, as a Restate service on port 9180.
Promise.withResolvers ??= function () {
    let resolve, reject;
    const promise = new Promise((yes, no) => ((resolve = yes), (reject = no)));
    return { promise, resolve, reject };
};
const restate = await import("@restatedev/restate-sdk");
const bench = restate.service({
    name: "bench",
    handlers: {
        ten: async (context) => {
            for (let step = 0; step < 10; step++) await context.run(`step ${step}`, () => step);
            return "done";
        },
    },
});
await restate.serve({ services: [bench], port: 9180 });
