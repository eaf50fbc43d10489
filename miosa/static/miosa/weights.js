// Shows the sum of each mode's weights while they are typed; the server checks it again.
for (const mode of document.querySelectorAll(".m-mode")) {
  const inputs = [...mode.querySelectorAll("input")];
  const shown = mode.querySelector("output");
  const add = () => {
    const sum = inputs.reduce((total, input) => total + Number(input.value.replace(",", ".")), 0);
    shown.textContent = Number.isFinite(sum) ? sum.toFixed(4) : "–";
    shown.classList.toggle("m-wrong", !(Math.abs(sum - 1) <= 0.001));
  };
  mode.addEventListener("input", add);
  add();
}
