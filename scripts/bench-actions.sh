# Lists of actions beside the same work by others, and one list beside a run an action. Sourced by scripts/bench.
# shellcheck shell=bash

# Rounded corners in ImageMagick: one corner drawn, mirrored to the other three, taken as transparency, laid on white.
magick_round() {
    cat >"$work/magick-round" <<'SH'
#!/bin/sh
out=$1 radius=60
shift
for file; do
    convert "$file" -auto-orient -rotate 90 -resize '1600x1600>' \
        \( +clone -alpha extract -draw "fill black polygon 0,0 0,$radius $radius,0 fill white circle $radius,$radius $radius,0" \
        \( +clone -flip \) -compose Multiply -composite \( +clone -flop \) -compose Multiply -composite \) \
        -alpha off -compose CopyOpacity -composite -background white -compose Over -flatten -quality 85 \
        "$out/$(printf %s "$file" | cksum | cut -d' ' -f1).jpg" || exit
done
SH
    chmod +x "$work/magick-round"
}

pillow_round() {
    cat >"$work/pillow-round.py" <<'PYTHON'
import multiprocessing, sys
from PIL import Image, ImageDraw, ImageOps
processes, out = int(sys.argv[1]), sys.argv[2]
def work(job):
    number, path = job
    with Image.open(path) as image:
        exif = image.getexif()
        # Decoded at reduced size already, as thumbnail() would do by itself.
        image.draft("RGB", (1600, 1600))
        turned = ImageOps.exif_transpose(image).transpose(Image.Transpose.ROTATE_270)
    turned.thumbnail((1600, 1600))
    mask = Image.new("L", (4 * turned.width, 4 * turned.height), 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, mask.width - 1, mask.height - 1), 240, 255)
    white = Image.new("RGB", turned.size, "white")
    white.paste(turned, mask=mask.resize(turned.size))
    exif[0x0112] = 1
    white.save(f"{out}/{number}.jpg", quality=85, optimize=True, exif=exif)
if __name__ == "__main__":
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        for _ in pool.imap_unordered(work, enumerate(sys.argv[3:]), chunksize=4):
            pass
PYTHON
}

ten_actions=("rotate: 90" "flip: horizontal" "crop: {width: 90%, height: 90%}" "shrink: 1600" "sharpen: {sigma: 0.8}"
    "border: {width: 12, colour: white}" "canvas: {width: 1700, height: 1700}" "blur: {sigma: 0.5}" "greyscale" "strip: gps")

# recipe FILE ACTION...
recipe() {
    local file=$1
    shift
    { echo "actions:" && printf '  - %s\n' "$@" && echo "  - save: {format: jpeg, quality: 85}"; } >"$file"
}

# One run an action, each on what the one before it made and with a state of its own: quire takes no output of its own for an
# input. The last leaves its files in $out.
ten_runs() {
    cat >"$work/ten-runs" <<'SH'
#!/bin/sh
quire=$1 work=$2 out=$3 from=$4
for number in 1 2 3 4 5 6 7 8 9 10; do
    to=$work/step$number
    [ $number = 10 ] && to=$out
    "$quire" run "$from" --recipe "$work/single$number.yaml" -o "$to" --progress none --state-dir "$work/state$number" || exit
    case $from in "$work"/step*) rm -r "$from" ;; esac
    from=$to
done
SH
    chmod +x "$work/ten-runs"
}

actions() {
    local folder=$data/actions count=${#files[@]} subset=12 number
    recipe "$work/round.yaml" "auto-orient" "rotate: 90" "shrink: 1600" "round: {radius: 60, background: white}"
    measure actions quire 1 "$count" "${quire[@]}" run "$folder" --recipe "$work/round.yaml" -o "$out" "${quiet[@]}"
    measure actions "Pillow pool ($slots processes)" 1 "$count" /usr/bin/python3 "$work/pillow-round.py" "$slots" "$out" "${files[@]}"
    measure actions "ImageMagick convert ($subset files, scaled)" "$subset/$count" "$subset" \
        "$work/magick-round" "$out" "${files[@]:0:subset}"
    printf '%s\0' "${files[@]:0:subset}" >"$work/list"
    measure actions "ImageMagick, xargs -P $slots ($subset, scaled)" "$subset/$count" "$subset" \
        env MAGICK_THREAD_LIMIT=1 xargs -0 -a "$work/list" -n 1 -P "$slots" "$work/magick-round" "$out"

    recipe "$work/ten.yaml" "${ten_actions[@]}"
    for ((number = 1; number <= 10; number++)); do recipe "$work/single$number.yaml" "${ten_actions[number - 1]}"; done
    measure "ten actions" quire 1 "$count" "${quire[@]}" run "$folder" --recipe "$work/ten.yaml" -o "$out" "${quiet[@]}"
    measure "ten actions" "quire, ten runs of one action each" 1 "$count" "$work/ten-runs" "${quire[0]}" "$work" "$out" "$folder"
}
