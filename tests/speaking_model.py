"""Makes Coqui VITS models of 1 MB with weights by chance: they speak no words, but are loaded and run
as any other.

    python -m tests.speaking_model FOLDER FOLDER=alice,bob …
"""

import sys
from pathlib import Path

RATE = 16_000
CHINESE = "你好请介绍一下自己的项目经验我是面试官二零四年用三分钟"
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def make(folder: Path, speakers: list[str]) -> None:
    """Write model.pth and config.json."""
    import torch
    from TTS.config.shared_configs import BaseAudioConfig
    from TTS.tts.configs.shared_configs import CharactersConfig
    from TTS.tts.configs.vits_config import VitsConfig
    from TTS.tts.models.vits import Vits, VitsArgs

    torch.manual_seed(0)
    audio = BaseAudioConfig(
        sample_rate=RATE, win_length=512, hop_length=128, fft_size=512, num_mels=80, mel_fmin=0
    )
    size = VitsArgs(
        num_chars=0,
        hidden_channels=16,
        hidden_channels_ffn_text_encoder=32,
        num_heads_text_encoder=2,
        num_layers_text_encoder=1,
        num_layers_posterior_encoder=2,
        num_layers_flow=2,
        spec_segment_size=16,
        out_channels=257,
        upsample_initial_channel_decoder=32,
        upsample_rates_decoder=[8, 4, 2, 2],
        upsample_kernel_sizes_decoder=[16, 8, 4, 4],
        resblock_type_decoder="2",
        resblock_kernel_sizes_decoder=[3],
        resblock_dilation_sizes_decoder=[[1, 3]],
        use_sdp=False,
        init_discriminator=False,
        use_speaker_embedding=bool(speakers),
    )
    characters = CharactersConfig(
        characters_class="TTS.tts.utils.text.characters.Graphemes",
        pad="_",
        eos="~",
        bos="^",
        blank="#",
        characters="".join(sorted({*LETTERS, *CHINESE})),
        punctuations="!,.? ，。？！",
        phonemes="",
    )
    config = VitsConfig(
        audio=audio,
        model_args=size,
        characters=characters,
        text_cleaner="basic_cleaners",
        use_phonemes=False,
        add_blank=True,
        run_name="tiny",
        test_sentences=[],
        speakers=speakers,
        use_speaker_embedding=bool(speakers),
    )
    model = Vits.init_from_config(config)
    folder.mkdir(parents=True, exist_ok=True)
    config.save_json(str(folder / "config.json"))
    torch.save({"model": model.state_dict()}, folder / "model.pth")


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        folder, _, speakers = argument.partition("=")
        make(Path(folder), speakers.split(",") if speakers else [])
